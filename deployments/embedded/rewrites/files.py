"""Rewrites of statements that read staged files or load history; each is documented where it is."""

from __future__ import annotations

from deployments.embedded.copying.ledger import show_load_history
from deployments.embedded.staged.infer import infer_schema
from deployments.embedded.staged.select import read_staged_files

FILES = (show_load_history, infer_schema, read_staged_files)
