"""Prefect flows and the command line: what runs, when, in what order."""

from flows.settings import prepare_environment

prepare_environment()
