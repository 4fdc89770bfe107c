"""The columns of a dataset: what each holds, how it is named, of which type it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from transforms.activity.columns import ts
from transforms.contract import BOOLEAN, Column, ContractError, check_identifier
from transforms.datasets.analysis.check import Scopes, check_condition, check_operand, display_operand, word_in
from transforms.datasets.analysis.scope import BETWEEN
from transforms.datasets.analysis.types import LISTS, ORDERED_KINDS, ZERO_FOR_NONE, kind_of, type_of_aggregation
from transforms.datasets.syntax.conditions import Condition, Operand, Value, values_in
from transforms.datasets.syntax.errors import QueryError
from transforms.datasets.syntax.keywords import RESERVED
from transforms.datasets.syntax.query import (
    SEPARATOR,
    Aggregation,
    Append,
    Function,
    Order,
    Output,
    Pick,
    Selection,
    count,
)
from transforms.types import DataType

_OF_CONDITIONS = (Function.ANY, Function.ALL)


@dataclass(frozen=True)
class ProjectedColumn:
    """A column of the dataset.

    Args:
        of: What it holds.
        column: Its name and type.
        alias: Its name as the question has it, or the word that it was made of.
    """

    of: Operand | Aggregation
    column: Column
    alias: str


def project_cohort(cohort: Selection, scopes: Scopes) -> tuple[ProjectedColumn, ...]:
    """The columns that are taken from the cohort's activity.

    Raises:
        QueryError: One is none of its values.
    """
    if cohort.pick is Pick.AGGREGATE:
        raise QueryError("a cohort has a row per occurrence: first, last, nth or all of an activity", cohort.pick)
    return tuple(_of_value(output, scopes, output.alias or _name_in(output), "") for output in cohort.outputs)


def project_append(append: Append, scopes: Scopes) -> tuple[ProjectedColumn, ...]:
    """The columns of an append; where none is named, the time of what is picked, or the count.

    Raises:
        QueryError: One names what is not known, or does not fit the pick.
    """
    is_aggregate = append.selection.pick is Pick.AGGREGATE
    outputs = append.selection.outputs or (Output(count() if is_aggregate else Value(ts.name)),)
    planned = []
    for output in outputs:
        alias = output.alias or _default_name(append, output)
        if not is_aggregate:
            planned.append(_of_value(output, scopes, alias, _describe(append)))
        elif isinstance(output.of, Aggregation):
            planned.append(_of_aggregation(append, output.of, scopes, alias))
        else:
            name = display_operand(output.of)
            raise QueryError(f"aggregate takes functions: first_value({name}), say", word_in(output.of))
    return tuple(planned)


def values_of(of: Operand | Aggregation) -> Iterator[Value]:
    """The values that a column is made of."""
    if isinstance(of, Aggregation):
        yield from values_in(of.of)
        if of.order is not None:
            yield from values_in(of.order.by)
    else:
        yield from values_in(of)


def looks_at_row(value: Value) -> bool:
    """Whether it is of the cohort's row or an earlier append, or between that and the event."""
    return value.of is not None or value.name in BETWEEN


def _of_value(output: Output, scopes: Scopes, alias: str, where: str) -> ProjectedColumn:
    of = output.of
    if isinstance(of, Aggregation):
        raise QueryError(f"{of.function} needs many occurrences: say aggregate", of.word)
    if all(value.of is not None for value in values_in(of)):
        raise QueryError("values of the cohort's row are taken in the cohort, those of an append there", word_in(of))
    if not alias:
        raise QueryError("what is computed needs a name: say `as`", word_in(of))
    checked, data_type = check_operand(of, scopes)
    return ProjectedColumn(checked, Column(_check_name(alias), data_type, f"{display_operand(of)}{where}"), alias)


def _of_aggregation(append: Append, aggregation: Aggregation, scopes: Scopes, alias: str) -> ProjectedColumn:
    function, of = aggregation.function, aggregation.of
    operand: DataType | None = None
    if isinstance(of, Operand):
        of, operand = check_operand(of, scopes)
    elif isinstance(of, Condition):
        if function not in _OF_CONDITIONS:
            raise QueryError(f"{function} takes a feature; conditions are for any and all", aggregation.word)
        of, operand = check_condition(of, scopes), BOOLEAN
    name = display_operand(of) if isinstance(of, Operand) else ""
    result = type_of_aggregation(function, operand, name, aggregation.word, word_in(of))
    checked = replace(aggregation, of=of, operand_type=operand, order=_order(aggregation, scopes))
    described = f"{function}{f' of {name}' if name else ''}{_describe(append)}"
    column = Column(_check_name(alias), result, described, nullable=function not in ZERO_FOR_NONE)
    return ProjectedColumn(checked, column, alias)


def _order(aggregation: Aggregation, scopes: Scopes) -> Order | None:
    if aggregation.separator != SEPARATOR and aggregation.function not in LISTS:
        raise QueryError(f"{aggregation.function} has no separator; listagg and listagg_distinct do", aggregation.word)
    order = aggregation.order
    if order is None:
        return None
    if aggregation.function is not Function.LISTAGG:
        raise QueryError(f"{aggregation.function} is in no order of choice; listagg can be", aggregation.word)
    by, data_type = check_operand(order.by, scopes)
    if kind_of(data_type) not in ORDERED_KINDS:
        raise QueryError(f"{display_operand(by)} is {kind_of(data_type)}, which has no order", word_in(by))
    return replace(order, by=by)


def _describe(append: Append) -> str:
    selection = append.selection
    which = f" {selection.number}" if selection.number else ""
    relation = f"{append.relation}{' on_or_after' if append.on_or_after else ''}"
    anchor = f" {append.anchor}" if append.anchor else ""
    return f", {selection.pick}{which} {' or '.join(selection.activities)} {relation}{anchor}"


def _default_name(append: Append, output: Output) -> str:
    """Such as first_gift_received_after_points and sum_points_gift_received_ever; none for what is computed."""
    selection = append.selection
    where = "_".join(
        part for part in ("_or_".join(selection.activities), append.relation, append.anchor) if part is not None
    )
    name = _name_in(output)
    if isinstance(output.of, Aggregation):
        return "_".join(part for part in (output.of.function, name, where) if part)
    return f"{selection.pick}{selection.number or ''}_{where}_{name}" if name else ""


def _name_in(output: Output) -> str:
    of = output.of.of if isinstance(output.of, Aggregation) else output.of
    return of.name if isinstance(of, Value) else ""


def _check_name(alias: str) -> str:
    try:
        name = check_identifier(alias).lower()
    except ContractError:
        raise QueryError(f"{str(alias)!r} cannot name a column: use letters, digits and _ only", alias) from None
    if name in RESERVED or name.startswith("_"):
        said = "begins with _, as columns of Snowcast's own do" if name.startswith("_") else "is a reserved word of SQL"
        raise QueryError(f"{name} {said}: name the column otherwise, with `as`", alias)
    return name
