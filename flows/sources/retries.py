"""How patiently a source is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Retries:
    """How often and how patiently a request is repeated.

    Args:
        attempts: Requests in all, the first one included.
        first_wait_seconds: Wait before the second; doubles each time, with up to as much jitter.
        longest_wait_seconds: Upper bound of one wait.
        timeout_seconds: Time for one request, body included.
    """

    attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0
    timeout_seconds: float = 30.0
