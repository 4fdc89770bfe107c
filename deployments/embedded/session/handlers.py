"""Statements that are answered whole, without going through the parser and the rewrites.

A handler gets the statement's text and its context. It returns None when the statement is not its own, a table for a
result, or a mapping for the `data` part of a response that is not a table (PUT and GET).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pyarrow as pa

from deployments.embedded.catalog.databases import create_database, drop_database
from deployments.embedded.catalog.show import describe_table, show
from deployments.embedded.context import StatementContext
from deployments.embedded.session.parameters import alter_session, unset_variables
from deployments.embedded.stages.copy.handler import copy_into
from deployments.embedded.stages.file_formats import file_formats
from deployments.embedded.stages.statements import (
    create_stage,
    describe_stage,
    drop_stage,
    forget_namespace,
    list_files,
    refuse_other_stage_statements,
    remove_files,
    transfer_files,
)

HandlerResult: TypeAlias = "pa.Table | dict[str, Any] | None"
Handler = Callable[[str, StatementContext], HandlerResult]

HANDLERS: tuple[Handler, ...] = (
    alter_session,
    unset_variables,
    copy_into,
    transfer_files,
    list_files,
    remove_files,
    create_stage,
    drop_stage,
    describe_stage,
    refuse_other_stage_statements,
    forget_namespace,
    file_formats,
    create_database,
    drop_database,
    show,
    describe_table,
)
