"""Values that clients bind to placeholders, as Python values."""

from __future__ import annotations

from typing import Any

from fakesnow.converter import from_binding

Binding = dict[str, Any]


def bound_value(binding: Binding) -> Any:
    """One bound value; clients send every value as text, and NULL as null."""
    return None if binding["value"] is None else from_binding(binding)


def bound_parameters(bindings: dict[str, Binding]) -> list[Any] | dict[str, Any] | None:
    """The values of single bindings: a list for numbered placeholders, a mapping for named ones."""
    if not bindings:
        return None
    if not all(name.isdigit() for name in bindings):
        return {name: bound_value(binding) for name, binding in bindings.items()}
    return [bound_value(bindings[str(position)]) for position in range(1, len(bindings) + 1)]


def is_batch(bindings: dict[str, Binding]) -> bool:
    """Whether each placeholder carries a list of values, one per row."""
    return any(isinstance(binding["value"], list) for binding in bindings.values())


def bound_rows(bindings: dict[str, Binding]) -> list[list[Any]]:
    """The rows of an array binding."""
    columns = [
        [bound_value({**bindings[str(position)], "value": value}) for value in bindings[str(position)]["value"]]
        for position in range(1, len(bindings) + 1)
    ]
    return [list(row) for row in zip(*columns, strict=True)]
