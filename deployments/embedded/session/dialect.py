"""A session's whole dialect: the rewrites of the SQL, with those that read stages, load history and the catalog."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.catalog.get_ddl import get_ddl
from deployments.embedded.catalog.information_schema import information_schema
from deployments.embedded.context import StatementContext
from deployments.embedded.sql import planner
from deployments.embedded.sql.rewrites import pipeline
from deployments.embedded.sql.rewrites.contents import Rewrite, apply_rewrites
from deployments.embedded.sql.rewrites.trees import apply_rules
from deployments.embedded.stages.copy.load_history_views import show_load_history
from deployments.embedded.stages.copy.pipes import show_pipe_status
from deployments.embedded.stages.files.infer_schema import infer_schema
from deployments.embedded.stages.files.select import read_staged_files

# The load history comes last: its names are the warehouse's own, and not written as a client writes them.
BEFORE = (
    Rewrite(show_pipe_status, functions=frozenset({"SYSTEM$PIPE_STATUS"})),
    Rewrite(get_ddl, functions=frozenset({"GET_DDL"})),
    Rewrite(infer_schema, functions=frozenset({"INFER_SCHEMA"}), brings=True),
    Rewrite(read_staged_files, tables=("@",), brings=True),
    *pipeline.BEFORE,
    Rewrite(show_load_history, functions=frozenset({"COPY_HISTORY"}), tables=("LOAD_HISTORY",)),
)
CONTEXT_RULES = {**pipeline.CONTEXT_RULES, exp.Table: information_schema}

parse = planner.parse


def rewrite(tree: Expr, context: StatementContext) -> Expr:
    """Turn a tree of Snowflake's SQL into one that gives DuckDB's when printed."""
    tree = apply_rewrites(BEFORE, tree, context)
    tree = apply_rules(tree, pipeline.RULES, CONTEXT_RULES, context)
    return apply_rewrites(pipeline.AFTER, tree, context)
