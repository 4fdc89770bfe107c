"""fakesnow's own rewrites that we use as they are, each only where a statement has what it is for."""

from __future__ import annotations

from collections.abc import Callable

from fakesnow import transforms
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext

_USED: tuple[tuple[type[Expr], Callable[[Expr], Expr]], ...] = (
    (exp.CurrentVersion, transforms.current_version),
    (exp.TableFromRows, transforms.result_scan),
    (exp.Values, transforms.values_columns),
    (exp.Rand, transforms.random),
    (exp.HexString, transforms.hex_string),
)


def apply(tree: Expr, context: StatementContext) -> Expr:
    """`RESULT_SCAN`, `COLUMN1` of VALUES, `RANDOM()`, `X'00'`, `CURRENT_VERSION()`, `SEQUENCE.NEXTVAL`."""
    kinds = {type(node) for node in tree.walk()}
    for kind, change in _USED:
        if kind in kinds:
            tree = tree.transform(change, copy=False)
    if any(column.name == "NEXTVAL" for column in tree.find_all(exp.Column)):
        tree = tree.transform(transforms.sequence_nextval, copy=False)
    return tree
