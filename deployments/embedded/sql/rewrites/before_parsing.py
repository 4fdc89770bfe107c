"""Changes to a statement's text, for what the parser does not take."""

from __future__ import annotations

import re

_SCOPED = re.compile(r"^(\s*CREATE\s+(?:OR\s+REPLACE\s+)?)SCOPED\s+(TEMP(?:ORARY)?\b)", re.IGNORECASE)


def make_temporary(statement: str) -> str:
    """Make a scoped temporary object a temporary one: both end with the session at the latest.

    `CREATE SCOPED TEMPORARY TABLE …`: what Snowpark sends for `cache_result` and large `create_dataframe`s.
    """
    return _SCOPED.sub(r"\1\2", statement)


_START = re.compile(r"^\s*(START\s+TRANSACTION|BEGIN(\s+(WORK|TRANSACTION))?)(\s+NAME\s+\S+)?\s*;?\s*$", re.IGNORECASE)


def start_transaction(statement: str) -> str:
    """`START TRANSACTION`, `BEGIN WORK NAME x` are BEGIN."""
    return _START.sub("BEGIN", statement)


_COMMENT_OR_TEXT = re.compile(r"""(?P<kept>'(?:[^'\\]|''|\\.)*'|"[^"]*"|\$\$.*?\$\$)|/\*.*?\*/|--[^\n]*""", re.DOTALL)


def without_comments(statement: str) -> str:
    """`DESC TABLE /* sqlalchemy:get_columns */ "S"."T"`: what SQLAlchemy sends; a handler looks at words only."""
    if "/*" not in statement and "--" not in statement:
        return statement
    return _COMMENT_OR_TEXT.sub(lambda found: found["kept"] or " ", statement).strip()


_EXISTS_AFTER = re.compile(
    r"""^(\s*CREATE\s+(?:(?:LOCAL|GLOBAL)\s+)?(?:TEMP(?:ORARY)?\s+|TRANSIENT\s+)?TABLE\s+)((?:"[^"]*"|[\w$.])+)\s+
    (IF\s+NOT\s+EXISTS)(?=\s*\()""",
    re.IGNORECASE | re.VERBOSE,
)


def exists_before_name(statement: str) -> str:
    """`CREATE TABLE t IF NOT EXISTS (…)`: what Snowpark sends to append to a table that is not there."""
    return _EXISTS_AFTER.sub(r"\1 \3 \2", statement)


TEXT = (without_comments, start_transaction, make_temporary, exists_before_name)
