"""The points of the Helix rate limit: a bucket that fills again all the time."""

from __future__ import annotations

import math
import threading
import time


class PointBucket:
    """So many points per window; every request costs one.

    Args:
        points: the size of the bucket.
        window_seconds: the (real) time in which an empty bucket gets full again.
    """

    def __init__(self, points: int = 800, window_seconds: float = 60) -> None:
        self.points = points
        self.window_seconds = window_seconds
        self._left = float(points)
        self._seen_at = time.time()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Pay for one request; False if there is nothing left."""
        with self._lock:
            now = time.time()
            refilled = (now - self._seen_at) * self.points / self.window_seconds
            self._left = min(self._left + refilled, float(self.points))
            self._seen_at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def headers(self) -> dict[str, str]:
        """Return the three headers of every Helix answer; Reset is when the bucket is full again."""
        missing = self.points - self._left
        reset = self._seen_at + missing * self.window_seconds / self.points
        return limit_headers(self.points, int(self._left), reset)


def limit_headers(limit: int, remaining: int, reset_at: float) -> dict[str, str]:
    """Return the rate limit headers with given values."""
    return {
        "Ratelimit-Limit": str(limit),
        "Ratelimit-Remaining": str(remaining),
        "Ratelimit-Reset": str(math.ceil(reset_at)),
    }
