"""Idioms of frames that many tables need: rows one after the other, typed NULLs, conditions over several columns."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_

from transforms.functions import DataFrame, Expression, col, equal_null, lit
from transforms.types import DataType


def union_all(frames: Iterable[DataFrame]) -> DataFrame:
    """Put the rows of all frames, which have the same columns in the same order, one after the other."""
    return reduce(lambda above, below: above.union_all(below), frames)


def null_of(kind: DataType) -> Expression:
    """Return NULL with a type, without which a column of NULLs has none that a table could be created with."""
    return lit(None).cast(kind)


def have_same(names: Iterable[str], right: str, left: str = "") -> Expression:
    """Return the condition that `<left><name>` equals `<right><name>` for every name; NULL equals nothing."""
    return reduce(and_, [col(f"{left}{name}") == col(f"{right}{name}") for name in names])


def have_same_or_null(names: Iterable[str], right: str, left: str = "") -> Expression:
    """Return the condition that `<left><name>` equals `<right><name>` for every name; NULL equals NULL."""
    return reduce(and_, [equal_null(col(f"{left}{name}"), col(f"{right}{name}")) for name in names])


def are_known(names: Iterable[str]) -> Expression:
    """Return the condition that none of the columns is NULL."""
    return reduce(and_, [col(name).is_not_null() for name in names])
