"""Stages: tables that do not depend on one another, so that they are built, and then checked, at the same time.

No table of a stage reads another one of it, and every rule of a table reads only what is built by then: a failure stops
all that stands on a table, and nothing else. Layers do not wait for one another where nothing binds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import groupby

from transforms.catalog import Model
from transforms.contract import Layer

LAYERS = tuple(Layer)
_NAMED_IN_QUERY = re.compile(r"{(\w+)}")


def sort_into_stages(models: Iterable[Model]) -> list[list[Model]]:
    """Return the tables in stages, those of a stage by layer and otherwise in the order in which they come."""
    places: dict[str, int] = {}
    chosen = list(models)
    by_name = {model.table.name: model for model in chosen}
    for model in chosen:
        places[model.table.name] = 1 + max([places[name] for name in model.inputs if name in places], default=-1)
    while any(_move_behind_inputs(model, places) for model in by_name.values()):
        continue
    in_place = sorted(chosen, key=lambda model: (places[model.table.name], LAYERS.index(model.table.layer)))
    return [list(stage) for _, stage in groupby(in_place, key=lambda model: places[model.table.name])]


def find_upstream(names: Iterable[str]) -> set[str]:
    """Return every table that these stand on, near and far."""
    from transforms.catalog import models

    found: set[str] = set()
    left = [name for name in names if name in models()]
    while left:
        inputs = [name for name in models()[left.pop()].inputs if name not in found]
        found |= set(inputs)
        left += inputs
    return found


def _move_behind_inputs(model: Model, places: dict[str, int]) -> bool:
    """Put a table behind what it reads, and not before what its rules read; returns whether it had to be moved."""
    name = model.table.name
    after = [places[read] + 1 for read in model.inputs if read in places]
    beside = [places[read] for read in _find_tables_of_rules(name) if read in places]
    place = max([*after, *beside, 0])
    is_moved = place > places[name]
    places[name] = max(place, places[name])
    return is_moved


@cache
def _find_tables_of_rules(name: str) -> frozenset[str]:
    """Find tables that a table's rules read beside it; those that stand on it are built after its check."""
    from expectations.checks.tables import rules_of
    from expectations.rules.rule import Lookup
    from transforms.catalog import models

    queries = [
        helper.query for rule in rules_of(models()[name].table) for helper in rule.helpers if isinstance(helper, Lookup)
    ]
    read = {table for query in queries for table in _NAMED_IN_QUERY.findall(query)}
    return frozenset(table for table in read & set(models()) if name not in find_upstream([table]) and table != name)
