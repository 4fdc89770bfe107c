"""Prefect flows and the command line: what runs, when, in what order."""

from flows.startup import prepare_environment

prepare_environment()
