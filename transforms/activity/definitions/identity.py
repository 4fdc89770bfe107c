"""Who is who: names of customers, platforms that share one id space, and links between ids.

A customer's name is `<platform>:<id>`. Platforms of one declared space count as the first of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from transforms.activity.definitions.events import Owner
from transforms.contract import TEXT
from transforms.formulas.frames import null_of, union_all
from transforms.functions import DataFrame, Expression, coalesce, col, concat, iff, lit

Spaces = tuple[tuple[str, ...], ...]


def format_customer(platform: Expression, identifier: Expression, spaces: Spaces) -> Expression:
    """`<platform>:<id>`, the platform being the first of its space; NULL where the id names nobody."""
    name = concat(_first_of_space(platform, spaces), lit(":"), identifier)
    return iff(identifier == lit(""), null_of(TEXT), name)


def repeat_per_platform(frame: DataFrame, others: Sequence[str], spaces: Spaces) -> DataFrame:
    """Repeat rows once per platform of their space.

    Args:
        frame: Rows whose `platform` is the first of its space, or in none.
        others: Columns to keep beside it.
        spaces: The declared spaces.
    """
    copies = [
        frame.filter(col("platform") == lit(space[0])).select(lit(platform).cast(TEXT).alias("platform"), *others)
        for space in spaces
        for platform in space[1:]
    ]
    return union_all([frame.select("platform", *others), *copies])


def first_platform(spaces: Spaces) -> Expression:
    """Return the column `platform`, or the first platform of its space."""
    return _first_of_space(col("platform"), spaces)


def add_persons(events: DataFrame, int_identities: DataFrame, owner: Owner, spaces: Spaces) -> DataFrame:
    """Add `customer`, `anonymous_customer_id` and `person` to events.

    Args:
        events: Rows with the owner's key and id, `platform` and `is_anonymous`.
        int_identities: Whom ids are linked to.
        owner: The columns that name who did it.
        spaces: Platforms that share an id space.
    """
    links = int_identities.select(col(owner.key).alias("linked_key"), col("customer").alias("linked_customer"))
    linked = events.join(links, on=col(owner.key) == col("linked_key"), how="left")
    own = format_customer(col("platform"), col(owner.id), spaces)
    told = linked.select("*", own.alias("own_name"))
    nobody = null_of(TEXT)
    named = told.select(
        "*",
        coalesce(col("linked_customer"), iff(col("is_anonymous"), nobody, col("own_name"))).alias("customer"),
        iff(col("is_anonymous"), col("own_name"), nobody).alias("anonymous_customer_id"),
    )
    return named.select("*", coalesce(col("customer"), col("anonymous_customer_id")).alias("person"))


def _first_of_space(platform: Expression, spaces: Spaces) -> Expression:
    firsts = [(space[0], list(space[1:])) for space in spaces]
    return reduce(
        lambda name, space: iff(platform.in_(*[lit(other) for other in space[1]]), lit(space[0]), name),
        [space for space in firsts if space[1]],
        platform,
    )
