"""A disk that is full or a folder that may not be written, whoever ran into it: told in one line, not as a trace."""

from __future__ import annotations

import errno
from collections.abc import Iterator

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
# What the embedded warehouse and libraries say where they pass the system's word on as text.
_FULL_TEXTS = ("no space left on device", "disk quota exceeded", "database or disk is full")


def explain_storage(error: BaseException) -> str | None:
    """What a person can do about an error of storage; None where it is about something else."""
    for one in _chain(error):
        is_system = isinstance(one, OSError)
        if (is_system and one.errno in _FULL) or any(text in str(one).lower() for text in _FULL_TEXTS):
            place = f" ({one.filename})" if is_system and one.filename else ""
            return (
                f"The disk is full{place}. Free space and run again: what was committed stays, the rest is done then."
            )
        if is_system and one.errno in _FORBIDDEN and one.filename:
            return f"{one.filename} cannot be used ({one.strerror}). Check who owns it, its mode and its mount."
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that it was raised from or while handling."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]
