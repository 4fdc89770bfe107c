"""The sandbox's time: set by hand, running with the real time, or stepping on with every poll."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from deployments.sandbox.world.timestamps import epoch, moment, parse

MODES: Final = ("manual", "running", "step")
_LISTING_AGE: Final = 10


class Clock:
    """Tells the simulated time.

    Args:
        start: the simulated time at the beginning, in seconds since 1970.
        mode: `manual` stands still until it is moved, `running` goes on with the real time, `step` moves on by
            `step_seconds` with every new listing of streams except the first.
        speed: simulated seconds per real second, for `running`.
        step_seconds: see `mode`.
        on_move: called with the time whenever the clock was moved, other than by running.

    Raises:
        ValueError: the mode is unknown.
    """

    def __init__(
        self,
        start: float,
        *,
        mode: str = "manual",
        speed: float = 1.0,
        step_seconds: float = 900,
        on_move: Callable[[float], None] = lambda at: None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"clock mode {mode!r} is unknown; known are {', '.join(MODES)}")
        self.mode = mode
        self.speed = speed
        self.step_seconds = step_seconds
        self._on_move = on_move
        self._lock = threading.Lock()
        self._at = float(start)
        self._set_at = time.monotonic()
        self._has_listed = False

    def now(self) -> int:
        """Return the simulated time; a running clock moves every ten seconds, as a platform refreshes its lists."""
        seconds = int(self._exact())
        return seconds - seconds % _LISTING_AGE if self.mode == "running" else seconds

    def set(self, at: float | str) -> int:
        """Move to a time: seconds since 1970 or an ISO 8601 text."""
        with self._lock:
            self._move(float(parse(at) if isinstance(at, str) else epoch(at)))
        return self.now()

    def advance(self, seconds: float) -> int:
        """Move on by so many seconds; back if negative."""
        with self._lock:
            self._move(self._exact() + seconds)
        return self.now()

    def new_listing(self) -> int:
        """Return the time for the first page of a listing."""
        with self._lock:
            if self.mode == "step" and self._has_listed:
                self._move(self._at + self.step_seconds)
            self._has_listed = True
        return self.now()

    def _exact(self) -> float:
        if self.mode != "running":
            return self._at
        return self._at + (time.monotonic() - self._set_at) * self.speed

    def _move(self, at: float) -> None:
        moment(at)
        self._at = at
        self._set_at = time.monotonic()
        self._on_move(at)

    def as_dict(self) -> dict[str, object]:
        """Return the clock as the control endpoint shows it."""
        return {
            "at": moment(self.now()).isoformat(),
            "mode": self.mode,
            "speed": self.speed,
            "step_seconds": self.step_seconds,
        }
