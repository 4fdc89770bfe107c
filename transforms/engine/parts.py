"""Tables made of parts: a change of one input recomputes the rows that come of it, and not the others of its group.

A part is the rows of a table that come of some of its inputs only. Inputs that no part names may matter to every row.
Where each row of a part's inputs gives its rows by itself, new rows are built from themselves, and the groups of those
rows are not read again; rows that were changed or deleted still recompute what their groups have in that part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from transforms.contract import Table
from transforms.engine.batches import in_batches
from transforms.engine.states import Batches
from transforms.formulas.frames import are_known, union_all
from transforms.functions import DataFrame, Expression, col, in_, lit
from transforms.write_kinds import Part, Parts


@dataclass(frozen=True)
class Change:
    """What has happened to the inputs of a table since it was built.

    Args:
        table: The table.
        pending: Unconsumed batches by input.
        arrived: Gives the groups of an input's rows that were written by some batches.
        left: Gives the groups that rows of an input have left: none, one or several frames.
    """

    table: Table
    pending: Mapping[str, Batches]
    arrived: Callable[[str, Sequence[str]], DataFrame]
    left: Callable[[str], list[DataFrame]]

    def find_touched(self, name: str) -> list[DataFrame]:
        """Return the groups that unconsumed rows of the input are in or have left."""
        ids = self.pending[name].ids
        return [*([self.arrived(name, ids)] if ids else []), *self.left(name)]

    def find_rewritten(self, name: str) -> list[DataFrame]:
        """Return the groups of batches that changed or deleted rows of the input: their new rows are not known."""
        ids = self.pending[name].moving
        return [*([self.arrived(name, ids)] if ids else []), *self.left(name)]

    def plain(self, name: str) -> tuple[str, ...]:
        """Return the batches of the input that only inserted."""
        return tuple(one for one in self.pending[name].ids if one not in self.pending[name].moving)


def read_parts(
    parts: Parts, inputs: Mapping[str, DataFrame], tables: Mapping[str, Table], current: DataFrame, change: Change
) -> tuple[dict[str, DataFrame], DataFrame]:
    """Read what a build reads of each input, and the stored rows that its result speaks for.

    Args:
        parts: How the table is made of parts.
        inputs: Every input.
        tables: Their contracts.
        current: The stored rows.
        change: What has happened to the inputs.
    """
    others = [name for name in inputs if name not in parts.inputs]
    everywhere = [frame for name in others for frame in change.find_touched(name)]
    in_any = everywhere + [frame for name in parts.inputs for frame in change.find_touched(name)]
    read = {name: _within(change.table, inputs[name], in_any) for name in others}
    scopes = []
    for part in parts.parts:
        of_part = change.find_rewritten if part.is_row_wise else change.find_touched
        groups = everywhere + [frame for name in part.inputs for frame in of_part(name)]
        for name in part.inputs:
            read[name] = _within(change.table, inputs[name], groups)
            plain = change.plain(name) if part.is_row_wise else ()
            if plain:
                alone = inputs[name].filter(in_batches(tables[name], plain))
                # The rows of the groups and, once each, new rows outside of them.
                read[name] = read[name].union_all(alone.filter(~_is_in(change.table, groups))) if groups else alone
        rows = current.filter(_is_of(part, parts))
        if groups:
            scopes.append(_within(change.table, rows, groups))
    in_scope = union_all(scopes) if scopes else current.filter(lit(False))
    return read, in_scope


def _is_of(part: Part, parts: Parts) -> Expression:
    """Condition on a stored row: it belongs to the part."""
    named = [value for one in parts.parts for value in one.values] if part.has_others else list(part.values)
    is_named = col(parts.told_by).in_(*[lit(value) for value in named])
    return ~is_named if part.has_others else is_named


def _within(table: Table, frame: DataFrame, groups: Sequence[DataFrame]) -> DataFrame:
    """Return the frame's rows of these groups; none where there are none."""
    if not groups:
        return frame.filter(lit(False))
    return frame.filter(_is_in(table, groups))


def _is_in(table: Table, groups: Sequence[DataFrame]) -> Expression:
    known = union_all(groups).filter(are_known(table.recompute_by)).distinct()  # NOT IN finds no NULL
    return in_([col(name) for name in table.recompute_by], known)
