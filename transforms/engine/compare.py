"""What a build would change: the built rows held against the stored ones, row by row, NULL-safely.

The frame has one row per built row, and one per stored row that the build no longer has. `action` says what becomes
of it; `new_*` are the columns to store and `was_*` those that the account needs of the row that is overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from transforms.contract import LINEAGE, REJECTION, TEXT, VARIANT, VERSION_TIMES, Column, Layer, Table
from transforms.formulas.frames import have_same, have_same_or_null, null_of
from transforms.functions import (
    DataFrame,
    Expression,
    Window,
    coalesce,
    col,
    equal_null,
    greatest,
    iff,
    least,
    lit,
    object_construct_keep_null,
    row_number,
    to_variant,
    when,
)
from transforms.write_kinds import History

INSERT, UPDATE, DELETE, SAME = "insert", "update", "delete", "same"
RETIME = "retime"  # an update of a version that is ended, opened again or observed once more, and nothing else
REJECTED, SUPERSEDED, REPEATED = "rejected", "superseded", "repeated"
UPDATES = (UPDATE, RETIME)
WRITTEN = (INSERT, *UPDATES, DELETE)


@dataclass(frozen=True)
class Comparison:
    """How built rows are held against stored ones.

    Args:
        is_whole_truth: Stored rows that the build does not have are deleted and rows that differ are updated. False:
            built rows are candidates, which replace only an older record of their key.
        watched: Columns by which later tables group; a row that leaves such a group is kept in OPS.DISPLACED.
    """

    is_whole_truth: bool
    watched: tuple[str, ...] = ()


def compare(table: Table, built: DataFrame, current: DataFrame, comparison: Comparison) -> DataFrame:
    """Hold the built rows against the stored rows in scope.

    Args:
        table: The contract.
        built: What `build` gave: the contract's columns; in staging also lineage and rejection.
        current: The stored rows that the build speaks for; the whole table where it only offers candidates.
        comparison: How.
    """
    new = _rank(table, built)
    was = current.select(
        *[col(name).alias(f"was_{name}") for name in _list_stored(table)],
        *[filled.alias("was__filled") for filled in _count_filled(table)],
        lit(1).alias("was_present"),
    )
    same_key = have_same(table.key, "was_", "new_")
    # Only the best row of a key meets the stored one; a worse one or a refused one must not hide it.
    is_candidate = (col("new_rank") == lit(1)) & col("new__rule").is_null()
    how = "full" if comparison.is_whole_truth else "left"
    joined = new.join(was, on=same_key & is_candidate, how=how)
    judged = joined.select("*", _action(table, comparison).alias("action"))
    return judged.select("action", *_keep_columns(table, comparison))


def append_rejected(table: Table, difference: DataFrame, rejected: DataFrame) -> DataFrame:
    """Append to the comparison of a history the rows of its input that no version can rest on.

    Args:
        table: A history.
        difference: What `compare` gave.
        rejected: Lineage, `_rule` and `_reason` of the rows.
    """
    stored_columns = [column for column in table.stored_columns if column.name != "_build_id"]
    untold = [null_of(c.type).alias(f"new_{c.name}") for c in (*stored_columns, REJECTION[0])]
    told = [col(name).alias(f"new_{name}") for name in ("_rule", "_reason")]
    lineage = [col(c.name).alias(f"new_{c.name}") for c in LINEAGE]
    refused = rejected.select(
        lit(REJECTED).alias("action"), *untold, *told, null_of(VARIANT).alias("row_before"), *lineage
    )
    without = [null_of(c.type).alias(f"new_{c.name}") for c in LINEAGE]
    return difference.select("*", *without).union_all(refused)


def is_bounded_apart(table: Table) -> bool:
    """Return whether a stored row's place must be carried beside the new one's: the key does not fix it."""
    return table.cluster_by is not None and table.cluster_by not in table.key


def bounds(table: Table) -> tuple[Expression, Expression]:
    """Return the least and the greatest place of a compared row: where it goes, and where its stored row is."""
    if table.cluster_by is None:
        nowhere = null_of(TEXT)
        return nowhere, nowhere
    new = col(f"new_{table.cluster_by}")
    if not is_bounded_apart(table):
        return new, new
    was = col(f"was_{table.cluster_by}")
    return least(coalesce(new, was), coalesce(was, new)), greatest(coalesce(new, was), coalesce(was, new))


def is_written() -> Expression:
    """Return the condition on a comparison that the row will be inserted, updated or deleted."""
    return col("action").in_(*[lit(action) for action in WRITTEN])


def take_best(table: Table, built: DataFrame) -> DataFrame:
    """Return the good rows that a staging table keeps of these: the best of each key, the contract's columns."""
    is_best = (col("new_rank") == lit(1)) & col("new__rule").is_null()
    return _rank(table, built).filter(is_best).select(*[col(f"new_{c}").alias(c) for c in table.column_names])


def _list_stored(table: Table) -> list[str]:
    return [column.name for column in table.stored_columns if column.name != "_build_id"]


def _list_carried(table: Table) -> list[str]:
    """Return the stored columns, and the lineage of refused rows where it is not stored."""
    lineage = [column.name for column in LINEAGE] if table.refuses_rows else []
    return list(dict.fromkeys([*_list_stored(table), *lineage]))


def _rank(table: Table, built: DataFrame) -> DataFrame:
    """Rank the built rows, as `new_*`, each among the good ones of its key; the contract has typed them."""
    if table.has_rejections:
        rejection = [col(column.name).alias(f"new_{column.name}") for column in REJECTION]
        is_good = col("_rule").is_null()
    else:
        rejection = [null_of(column.type).alias(f"new_{column.name}") for column in REJECTION]
        is_good = lit(True)
    of_key = [*[col(name) for name in table.key], is_good]
    best_first = [one.desc_nulls_last() for one in _order(table, "")]
    filled = [one.alias("_filled") for one in _count_filled(table)]
    if table.layer is Layer.STAGING:
        # A file may correct itself further down, so of its own records the last of the fullest stands for it.
        in_file = [*_fullest(table, ""), col("_source_row")]
        of_file = Window.partition_by(*of_key, col("_source_file"))
        place = row_number().over(of_file.order_by(*[one.desc_nulls_last() for one in in_file]))
        built = built.select("*", *filled).select("*", place.alias("_place_in_file"))
        best_first = [col("_place_in_file").asc(), *best_first]
    return built.select(
        *[col(name).alias(f"new_{name}") for name in _list_carried(table)],
        *[col("_filled").alias("new__filled") for _ in filled],
        *rejection,
        row_number().over(Window.partition_by(*of_key).order_by(*best_first)).alias("new_rank"),
    )


def _order(table: Table, prefix: str) -> list[Expression]:
    """Return what orders the rows of one key, most significant first: the greatest is kept.

    Records of several files that say equally much are told apart by what they say. A file's name ends in a hash of its
    content, so it comes last, where what is left says the same.
    """
    if table.layer is not Layer.STAGING:
        return [col(f"{prefix}{name}") for name in table.key]
    newest_by: tuple[str, ...] = getattr(table.write, "newest_by", ())
    values = [column.name for column in _list_said(table) if column.type != VARIANT and column.name not in newest_by]
    return [*_fullest(table, prefix), *[col(f"{prefix}{name}") for name in (*values, "_source_file", "_source_row")]]


def _fullest(table: Table, prefix: str) -> list[Expression]:
    """Return what makes a record newer by the contract, and then how many of its fields are filled."""
    newest_by: tuple[str, ...] = getattr(table.write, "newest_by", ())
    return [*[col(f"{prefix}{name}") for name in newest_by], col(f"{prefix}_filled")]


def _count_filled(table: Table) -> list[Expression]:
    """Return the number of filled fields of a staged record: counted once, since every comparison names it."""
    if table.layer is not Layer.STAGING:
        return []
    return [reduce(add, [iff(col(column.name).is_null(), lit(0), lit(1)) for column in _list_said(table)], lit(0))]


def _list_said(table: Table) -> list[Column]:
    """Return the columns of what a record says beside its key."""
    return [column for column in table.columns if column.payload is not None and column.name not in table.key]


def _action(table: Table, comparison: Comparison) -> Expression:
    lost = SUPERSEDED if table.layer is Layer.STAGING else REPEATED
    is_gone = col("new_rank").is_null()
    is_new = col("was_present").is_null()
    case = when(is_gone, lit(DELETE)).when(col("new__rule").is_not_null(), lit(REJECTED))
    case = case.when(col("new_rank") > lit(1), lit(lost)).when(is_new, lit(INSERT))
    if comparison.is_whole_truth and isinstance(table.write, History):
        case = case.when(_differs([name for name in _list_stored(table) if name not in VERSION_TIMES]), lit(UPDATE))
        return case.when(_differs(VERSION_TIMES), lit(RETIME)).otherwise(lit(SAME))
    differs = _differs(_list_stored(table))
    if comparison.is_whole_truth:
        return case.when(differs, lit(UPDATE)).otherwise(lit(SAME))
    # A record that is staged again by another formula replaces itself, though it is no newer than itself.
    is_same_record = ~_differs(["_source_file", "_source_row"])
    is_newer = _is_newer(list(zip(_order(table, "new_"), _order(table, "was_"), strict=True)))
    case = case.when(is_newer | (is_same_record & differs), lit(UPDATE))
    return case.when(is_same_record, lit(SAME)).otherwise(lit(SUPERSEDED))


def _differs(names: Iterable[str]) -> Expression:
    return ~have_same_or_null(names, "was_", "new_")


def _is_newer(order: Sequence[tuple[Expression, Expression]]) -> Expression:
    """Strictly greater, by the first pair that differs; a NULL is older than any value."""
    differing = [(~equal_null(new, was), coalesce(new > was, new.is_not_null())) for new, was in order]
    first, *others = differing
    return reduce(lambda case, pair: case.when(*pair), others, when(*first)).otherwise(lit(False))


def _keep_columns(table: Table, comparison: Comparison) -> list[Expression]:
    kept = [
        (coalesce(col(f"new_{name}"), col(f"was_{name}")) if name in table.key else col(f"new_{name}")).alias(
            f"new_{name}"
        )
        for name in _list_carried(table)
    ]
    kept += [col(f"new_{column.name}") for column in REJECTION]
    if table.layer is Layer.STAGING:
        kept.append(col("was__load_id"))
    if is_bounded_apart(table):
        kept.append(col(f"was_{table.cluster_by}"))
    return [*kept, *_note_moved(table, comparison)]


def _note_moved(table: Table, comparison: Comparison) -> list[Expression]:
    """Return the groups that a row leaves, NULL for a row that stays where it is."""
    watched = comparison.watched
    if not watched:
        return [null_of(VARIANT).alias("row_before")]
    pairs = [part for name in watched for part in (lit(name), to_variant(col(f"was_{name}")))]
    leaves = col("was_present").is_not_null() & (
        (col("action") == lit(DELETE)) | (col("action").in_(*[lit(one) for one in UPDATES]) & _differs(watched))
    )
    before = to_variant(object_construct_keep_null(*pairs))
    return [iff(leaves, before, null_of(VARIANT)).alias("row_before")]
