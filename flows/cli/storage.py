"""A disk that is full or a folder that may not be written, whoever ran into it: one line, and no trace."""

from __future__ import annotations

import errno
from collections.abc import Iterator

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FREE_SPACE = "Free space and run again: what was committed stays, the rest is done then."
# What the embedded warehouse and libraries say where they pass the system's word on as text.
_FULL_TEXTS = ("no space left on device", "disk quota exceeded", "database or disk is full")


def explain_storage(error: BaseException) -> str | None:
    """Return what a person can do about an error of storage; None where it is about something else."""
    for one in _list_causes(error):
        if any(text in str(one).lower() for text in _FULL_TEXTS) and not isinstance(one, OSError):
            return f"The disk is full. {_FREE_SPACE}"
        if isinstance(one, OSError) and one.errno in _FULL:
            return f"The disk is full{f' ({one.filename})' if one.filename else ''}. {_FREE_SPACE}"
        if isinstance(one, OSError) and one.errno in _FORBIDDEN and one.filename:
            return f"{one.filename} cannot be used ({one.strerror}). Check who owns it, its mode and its mount."
    return None


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, and those that it was raised from or while handling."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]
