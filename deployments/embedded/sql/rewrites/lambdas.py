"""FILTER, TRANSFORM and REDUCE: functions of the elements of an array."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.trees import Rule, as_variant, func
from deployments.embedded.sql.rewrites.types import variant


def mark_elements(tree: Expr, context: StatementContext) -> Expr:
    """Note that what a lambda gets is a VARIANT: an element of the array, or what has been reduced so far."""
    for function in tree.find_all(exp.Lambda):
        names = {parameter.name for parameter in function.expressions}
        for identifier in function.this.find_all(exp.Identifier):
            if identifier.name in names:
                as_variant(identifier)
    return tree


def _array_filter(node: exp.ArrayFilter) -> Expr:
    """`FILTER("A", x -> x > 1)`."""
    return as_variant(func("to_json", func("list_filter", call("sf_items", node.this), node.expression)))


def _transform(node: exp.Transform) -> Expr:
    """`TRANSFORM("A", x INT -> x * 2)`."""
    return as_variant(
        func("to_json", func("list_transform", call("sf_items", node.this), _of_elements(node.expression)))
    )


def _reduce(node: exp.Reduce) -> Expr:
    """`REDUCE("A", 0, (acc, x) -> acc + x)`: what it gives has the type of the first value."""
    initial = node.args["initial"]
    reduced = func(
        "list_reduce", call("sf_items", node.this), _of_elements(node.args["merge"]), variant(initial.copy())
    )
    return call("sf_as_type_of", reduced, initial)


def _of_elements(function: exp.Lambda) -> exp.Lambda:
    function.set("this", call("sf_element", function.this))
    return function


RULES: dict[type[Expr], Rule] = {exp.ArrayFilter: _array_filter, exp.Transform: _transform, exp.Reduce: _reduce}
