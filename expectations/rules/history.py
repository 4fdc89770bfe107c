"""What must be true of every history (SEMANTICS §3): the versions of a key are one chain without holes.

A build writes some versions of a key and leaves others as they are, so the rules look at all versions of the keys that
the batch touched: one lookup gives, per key, the number of current versions and where its chain is broken.
"""

from __future__ import annotations

from expectations.rules.rule import Lookup, Rule, critical, warning
from transforms.contract import Table
from transforms.write_kinds import HardDeletes, History, Strategy

_FOREVER = "'9999-12-31'::timestamp_ntz"


def history_rules(table: Table, history: History) -> tuple[Rule, ...]:
    """Return the invariants of a history, as its strategy and its deletes have them."""
    chain = _chain(table, history)
    return (
        _one_current(history, chain),
        critical(
            "the open version is the current one",
            "is_current <> (valid_to is null)",
            "readers choose the current version by either of the two",
            *("is_current", "valid_to"),
        ),
        critical(
            "no version is empty or ends before it begins",
            "valid_to <= valid_from",
            "a version holds in [valid_from, valid_to)",
            "valid_to",
        ),
        _unbroken(chain, "no two versions of a key overlap", "overlap_at", "as_of would find two versions"),
        *_gap_rules(history, chain),
        _unbroken(
            chain,
            "a version differs from the one before",
            "repeat_at",
            f"a version begins where one of {', '.join(table.tracked_columns)} changes, and nowhere else",
        ),
        _unique_version_key(table),
        *_deletion_rules(history, chain),
        _require_observed_after(history),
    )


def deletions_are_snapshots(table: Table, staging: str) -> Rule:
    """Return a key goes at a snapshot: only a delivery that does not list it can say so.

    Args:
        table: A history that knows deletions.
        staging: The table with the snapshots that it is built from.
    """
    is_invalidated = isinstance(table.write, History) and table.write.hard_deletes is HardDeletes.INVALIDATE
    gone_at = "valid_to" if is_invalidated else "valid_from"
    is_gone = "coalesce(successor_starts_at > valid_to, valid_to is not null)" if is_invalidated else "is_deleted"
    snapshots = f"select distinct snapshot_at from {{{staging}}}"
    delivered = Lookup("delivered", snapshots, ("snapshot_at",), f"delivered.snapshot_at = t.{gone_at}")
    return critical(
        "a key is gone from a snapshot on",
        f"{is_gone} and delivered_snapshot_at is null",
        f"{staging} has no delivery of that time, so none that could have missed the key",
        *(gone_at, *((delivered, _successor(table)) if is_invalidated else (delivered,))),
    )


def _successor(table: Table) -> Lookup:
    """Return when the version after a version begins."""
    versions = _versions(table, f"{', '.join(table.key)}, lead(valid_from) over ({_per_key(table)}) as starts_at")
    return Lookup(
        "successor", versions, ("starts_at",), " and ".join(f"successor.{name} = t.{name}" for name in table.key)
    )


def _one_current(history: History, chain: Lookup) -> Rule:
    """Return a key without a current version is gone, which only `invalidate` leaves like that."""
    may_be_gone = history.hard_deletes is HardDeletes.INVALIDATE
    return critical(
        f"a key has {'at most ' if may_be_gone else ''}one current version",
        f"chain_current_versions {'>' if may_be_gone else '<>'} 1",
        "joins on is_current lose or double what belongs to the key",
        *("chain_current_versions", chain),
    )


def _unbroken(chain: Lookup, name: str, broken_at: str, reason: str) -> Rule:
    display = f"chain_{broken_at}"
    return critical(name, f"{display} is not null", reason, *(display, chain))


def _gap_rules(history: History, chain: Lookup) -> tuple[Rule, ...]:
    """With `invalidate`, a gap is a deletion."""
    if history.hard_deletes is HardDeletes.INVALIDATE:
        return ()
    reason = "between its first and its last version, a key has a version at every time"
    return (_unbroken(chain, "no gap is between the versions of a key", "gap_at", reason),)


def _deletion_rules(history: History, chain: Lookup) -> tuple[Rule, ...]:
    if history.hard_deletes is HardDeletes.NEW_RECORD:
        reason = "nothing can be deleted that was not there, and a deletion changes no value"
        return (_unbroken(chain, "a deletion follows a version, with its values", "stray_deletion_at", reason),)
    return (critical("no version is a deletion", "is_deleted", f"hard deletes: {history.hard_deletes}", "is_deleted"),)


def _unique_version_key(table: Table) -> Rule:
    query = (
        f"select version_key, count(*) as versions from {{{table.name}}} "
        "where version_key in (select version_key from {batch} b) group by version_key"
    )
    return critical(
        "version_key never repeats",
        "same_key_versions > 1",
        "facts join the version that held by it",
        *("version_key", Lookup("same_key", query, ("versions",), "same_key.version_key = t.version_key")),
    )


def _require_observed_after(history: History) -> Rule:
    is_ours = history.strategy is Strategy.CHECK
    reason = "a version begins when it was observed" if is_ours else f"{history.effective_at} lies in the future"
    name, fails = "no version begins after its newest observation", "valid_from > observed_at_last"
    return (critical if is_ours else warning)(name, fails, reason, "observed_at_last")


def _chain(table: Table, history: History) -> Lookup:
    """Select per key the number of current versions, and the first version with each kind of break, or NULL."""
    key = table.business_key
    follows = f"coalesce(lag(valid_to) over ({_per_key(table)}) = valid_from, false)"
    as_before = " and ".join(
        f"{name} is not distinct from lag({name}) over ({_per_key(table)})" for name in table.tracked_columns
    )
    was_deleted = f"lag(is_deleted) over ({_per_key(table)})"
    stray = f"is_deleted and not {follows}"
    if history.strategy is Strategy.CHECK:
        stray += f" or is_deleted and ({was_deleted} or not ({as_before}))"
    breaks = {
        "overlap_at": f"coalesce(valid_to, {_FOREVER}) > lead(valid_from) over ({_per_key(table)})",
        "gap_at": f"valid_to < lead(valid_from) over ({_per_key(table)})",
        "repeat_at": f"{follows} and is_deleted = {was_deleted} and {as_before}",
        "stray_deletion_at": stray,
    }
    judged = [f"iff({broken}, valid_from, null) as {name}" for name, broken in breaks.items()]
    versions = _versions(table, ", ".join((*key, "is_current", *judged)))
    firsts = [f"min({name}) as {name}" for name in breaks]
    per_key = ", ".join((*key, "count_if(is_current) as current_versions", *firsts))
    query = f"select {per_key} from ({versions}) versions group by {', '.join(key)}"
    on = " and ".join(f"chain.{name} = t.{name}" for name in key)
    return Lookup("chain", query, ("current_versions", *breaks), on)


def _versions(table: Table, columns: str) -> str:
    """Return all versions of the keys that are validated."""
    key = ", ".join(table.business_key)
    return f"select {columns} from {{{table.name}}} where ({key}) in (select {key} from {{batch}} b)"


def _per_key(table: Table) -> str:
    return f"partition by {', '.join(table.business_key)} order by valid_from"
