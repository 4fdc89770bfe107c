"""The columns of a dataset: what each holds, how it is named, of which type it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from transforms.activity.columns import ts
from transforms.activity.datasets.condition_checking import checked_condition
from transforms.activity.datasets.conditions import Condition, Value, values_in
from transforms.activity.datasets.errors import QueryError
from transforms.activity.datasets.offers import NOTHING, Offer
from transforms.activity.datasets.value_types import ZERO_FOR_NONE, type_of_aggregation
from transforms.activity.query import Aggregation, Append, Function, Output, Pick, Selection, count
from transforms.contract import BOOLEAN, Column, ContractError, check_identifier

if TYPE_CHECKING:
    from transforms.types import DataType

_OF_CONDITIONS = (Function.ANY, Function.ALL)


@dataclass(frozen=True)
class PlannedOutput:
    """A column of the dataset.

    Args:
        of: What it holds.
        column: Its name and type.
        alias: Its name as the question has it, or the word that it was made of.
    """

    of: Value | Aggregation
    column: Column
    alias: str


def cohort_outputs(cohort: Selection, offer: Offer) -> tuple[PlannedOutput, ...]:
    """The columns that are taken from the cohort's activity.

    Raises:
        QueryError: One is none of its values.
    """
    if cohort.pick is Pick.AGGREGATE:
        raise QueryError("a cohort has a row per occurrence: first, last, nth or all of an activity", cohort.pick)
    return tuple(_of_value(output, offer, output.alias or _name_in(output), "") for output in cohort.outputs)


def appended_outputs(append: Append, offer: Offer) -> tuple[PlannedOutput, ...]:
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
            planned.append(_of_value(output, offer.between(), alias, _described(append)))
        elif isinstance(output.of, Aggregation):
            planned.append(_of_aggregation(append, output.of, offer, alias))
        else:
            name = _name_in(output)
            raise QueryError(f"aggregate takes functions: first_value({name}), say", name)
    return tuple(planned)


def values_of(of: Value | Aggregation) -> Sequence[Value]:
    """The values that a column is made of."""
    if isinstance(of, Value):
        return [of]
    return [of.of] if isinstance(of.of, Value) else list(values_in(of.of))


def _of_value(output: Output, offer: Offer, alias: str, where: str) -> PlannedOutput:
    if isinstance(output.of, Aggregation):
        raise QueryError(f"{output.of.function} needs many occurrences: say aggregate", output.of.word)
    name = output.of.name
    if output.of.of_cohort:
        raise QueryError("values of the cohort's row are taken in the cohort", name)
    return PlannedOutput(output.of, Column(_checked(alias), offer.type_of(name), f"{name}{where}"), alias)


def _of_aggregation(append: Append, aggregation: Aggregation, offer: Offer, alias: str) -> PlannedOutput:
    function, of = aggregation.function, aggregation.of
    name, operand = "", None
    if isinstance(of, Value):
        name, operand = of.name, _own(of, offer)
    elif isinstance(of, Condition):
        if function not in _OF_CONDITIONS:
            raise QueryError(f"{function} takes a feature; conditions are for any and all", aggregation.word)
        aggregation = replace(aggregation, of=_own_condition(of, offer))
        operand = BOOLEAN
    result = type_of_aggregation(function, operand, name, aggregation.word)
    described = f"{function}{f' of {name}' if name else ''}{_described(append)}"
    column = Column(_checked(alias), result, described, nullable=function not in ZERO_FOR_NONE)
    return PlannedOutput(aggregation, column, alias)


def _own(value: Value, offer: Offer) -> DataType:
    if value.of_cohort:
        raise QueryError("functions are of the appended activity", value.name)
    return offer.type_of(value.name)


def _own_condition(condition: Condition, offer: Offer) -> Condition:
    for value in values_in(condition):
        _own(value, offer)
    return checked_condition(condition, offer, NOTHING)


def _described(append: Append) -> str:
    selection = append.selection
    which = f" {selection.number}" if selection.number else ""
    relation = f"{append.relation}{' on_or_after' if append.on_or_after else ''}"
    return f", {selection.pick}{which} {selection.activity} {relation}"


def _default_name(append: Append, output: Output) -> str:
    """Such as first_gift_received_after_points and sum_points_gift_received_ever."""
    selection = append.selection
    where = f"{selection.activity}_{append.relation}"
    name = _name_in(output)
    if isinstance(output.of, Aggregation):
        return "_".join(part for part in (output.of.function, name, where) if part)
    return f"{selection.pick}{selection.number or ''}_{where}_{name}"


def _name_in(output: Output) -> str:
    of = output.of.of if isinstance(output.of, Aggregation) else output.of
    return of.name if isinstance(of, Value) else ""


def _checked(alias: str) -> str:
    try:
        return check_identifier(alias).lower()
    except ContractError:
        raise QueryError(f"{str(alias)!r} cannot name a column: use letters, digits and _ only", alias) from None
