"""Of every history: what a good version says, and for each invariant the version that breaks it.

Each bad version is of a key of its own, and where it takes two to break a chain, the other one is in no batch that is
checked: the rules must find it.
"""

from __future__ import annotations

from typing import Any

from expectations.rules.history import history_rules
from expectations.rules.rule import Rule
from transforms.contract import TEXT, Table
from transforms.write_kinds import History

Values = dict[str, Any]

_NOON, _ONE, _TWO = (f"2026-03-01 {hour}:00:00" for hour in (12, 13, 14))
_GONE = "a key is gone from a snapshot on"
_OPEN: Values = {"valid_from": _NOON, "valid_to": None, "is_current": True, "is_deleted": False}
_CLOSED: Values = {**_OPEN, "valid_to": _ONE, "is_current": False}
_LATER: Values = {**_OPEN, "valid_from": _ONE, "observed_at_last": _ONE}

# Rule -> the bad version, and the one before it of the same key.
_BROKEN: dict[str, tuple[Values, Values | None]] = {
    "a key has one current version": (_CLOSED, None),
    "a key has at most one current version": (_LATER, {**_CLOSED, "is_current": True}),
    "the open version is the current one": ({**_OPEN, "is_current": False}, None),
    "no version is empty or ends before it begins": ({**_CLOSED, "valid_to": _NOON}, None),
    "no two versions of a key overlap": (_LATER, {**_CLOSED, "valid_to": _TWO}),
    "no gap is between the versions of a key": ({**_LATER, "valid_from": _TWO, "observed_at_last": _TWO}, _CLOSED),
    "a version differs from the one before": (_LATER, _CLOSED),
    "version_key never repeats": (_LATER, {**_CLOSED, "version_key": "version_key never repeats"}),
    "a deletion follows a version, with its values": ({**_OPEN, "is_deleted": True}, None),
    "no version is a deletion": ({**_OPEN, "is_deleted": True}, None),
    "no version begins after its newest observation": ({**_LATER, "observed_at_last": _NOON}, None),
    # No staging table has a snapshot at that time.
    _GONE: ({**_CLOSED, "valid_to": _TWO}, None),
}
_DELETED_LATE: Values = {**_LATER, "valid_from": _TWO, "observed_at_last": _TWO, "is_deleted": True}


def good_in_history(table: Table) -> Values:
    """What the only version of a key says."""
    return dict(_OPEN) if isinstance(table.write, History) else {}


def apart_in_history(table: Table, number: int) -> Values:
    """What makes the number-th bad row the version of a key of its own."""
    return _of_key(table, f"bad{number}") if isinstance(table.write, History) else {}


def planted_in_history(table: Table, rule: Rule) -> Values | list[Values]:
    """The version that breaks an invariant; nothing for any other rule."""
    if not isinstance(table.write, History):
        return {}
    if rule.name == f"{', '.join(table.key)} never repeat":
        return [_of_key(table, "twice"), _of_key(table, "twice")]
    if rule not in history_rules(table, table.write) and rule.name != _GONE:
        return {}
    if rule.name == _GONE and "is_deleted" in rule.fails:
        return {**_of_key(table, rule.name), **_DELETED_LATE}
    return {**_of_key(table, rule.name), **_BROKEN[rule.name][0]}


def looked_up_in_history(table: Table) -> list[Values]:
    """The versions before those that break a chain."""
    if not isinstance(table.write, History):
        return []
    rules = {rule.name for rule in history_rules(table, table.write)}
    before = {name: version for name, (_, version) in _BROKEN.items() if version and name in rules}
    return [{**_of_key(table, name), "version_key": f"before: {name}", **version} for name, version in before.items()]


def _of_key(table: Table, name: str) -> Values:
    part = next(part for part in table.key if table.column(part).type == TEXT)
    return {part: name, "version_key": name}
