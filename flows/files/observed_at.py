"""The snapshot time that a file's name, or the folders that it lies in, state.

Names of polls state a moment: milliseconds since 1970 (`_1695574829212`), `_20230924_170029`, `_20230924T170029`, or
the stamp of a landing file. Daily deliveries may state only their day: `users_20261101.csv`, `2026-11-01/users.csv`,
`2026/11/01/users.csv`, `day=2026-11-01/users.csv`; the moment is then midnight UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

_EPOCH_MILLISECONDS = re.compile(r"(?:^|[_/])(\d{13})(?!\d)")
_MOMENTS = (
    (re.compile(r"(?:^|[_/])(\d{8}_\d{6})(?!\d)"), "%Y%m%d_%H%M%S"),
    (re.compile(r"(?:^|[_/])(\d{8}T\d{6})(?!\d)"), "%Y%m%dT%H%M%S"),
    (re.compile(r"_(\d{8}T\d{9})Z_[0-9a-f]{16}\."), "%Y%m%dT%H%M%S%f"),
)
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_/]?)(\d\d)\2(\d\d)(?!\d)")


def stated_moment(names: Iterable[str]) -> datetime | None:
    """The moment that the first of the names states which states one."""
    return next((moment for moment in map(_moment, names) if moment), None)


def stated_day(names: Iterable[str]) -> datetime | None:
    """The moment, or midnight of the day, that the first of the names states which states one."""
    return next((moment for moment in (_moment(name) or _day(name) for name in names) if moment), None)


def _moment(name: str) -> datetime | None:
    epoch = _EPOCH_MILLISECONDS.search(name)
    if epoch:
        return datetime.fromtimestamp(int(epoch[1]) / 1000, UTC)
    for pattern, form in _MOMENTS:
        stamp = pattern.search(name)
        if stamp:
            try:
                return datetime.strptime(stamp[1], form).replace(tzinfo=UTC)
            except ValueError:
                continue
    return None


def _day(name: str) -> datetime | None:
    """The last day that the name states: in a path the one that is nearest to the file."""
    days = []
    for found in _DAY.finditer(name):
        try:
            days.append(datetime(int(found[1]), int(found[3]), int(found[4]), tzinfo=UTC))
        except ValueError:
            continue
    return days[-1] if days else None
