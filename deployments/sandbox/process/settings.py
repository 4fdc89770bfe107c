"""What a sandbox process is started with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from deployments.sandbox.http.clock import MODES
from deployments.sandbox.world.timestamps import epoch, moment
from deployments.sandbox.world.world import DEFAULT_SCALE, DEFAULT_SEED


@dataclass(frozen=True)
class SandboxSettings:
    """Settings of a sandbox process.

    Attributes:
        seed: which platform.
        scale: how many streamers it has.
        start: simulated time at the beginning, ISO 8601; None is the real time.
        clock: `running`, `manual` or `step`, see Clock.
        speed: simulated seconds per real second, for a running clock.
        step_seconds: how far a step goes.
        points: size of the rate limit bucket.
        window_seconds: (real) time in which it fills.
        port: 0 for a free one.
        idle_seconds: the process leaves after so long without a request; 0 for never.
    """

    seed: int = DEFAULT_SEED
    scale: int = DEFAULT_SCALE
    start: str | None = None
    clock: str = "running"
    speed: float = 1.0
    step_seconds: float = 900.0
    points: int = 800
    window_seconds: float = 60.0
    port: int = 0
    idle_seconds: float = 1_800.0

    @classmethod
    def of(cls, **values: Any) -> SandboxSettings:
        """Return settings from plain values; a datetime is taken as start.

        Raises:
            ValueError: an unknown setting or clock.
        """
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(values) - set(known)):
            raise ValueError(f"the sandbox has no setting {unknown[0]!r}; known are {', '.join(known)}")
        if isinstance(start := values.get("start"), datetime):
            values["start"] = moment(epoch(start)).isoformat()
        settings = cls(**values)
        if settings.clock not in MODES:
            raise ValueError(f"clock {settings.clock!r} is unknown; known are {', '.join(MODES)}")
        return settings
