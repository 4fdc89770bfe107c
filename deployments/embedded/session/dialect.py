"""Rewrites of statements that read staged files or load history; each is documented where it is."""

from __future__ import annotations

from deployments.embedded.stages.copy.load_history_views import show_load_history
from deployments.embedded.stages.files.infer_schema import infer_schema
from deployments.embedded.stages.files.select import read_staged_files

FILES = (show_load_history, infer_schema, read_staged_files)
