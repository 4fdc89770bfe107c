"""Where streamers come from: languages, countries and their clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from deployments.sandbox.world.rng import Wheel


@dataclass(frozen=True, slots=True)
class Origin:
    """A country with its main streaming language and its distance from UTC (summer time is left out)."""

    language: str
    country: str
    utc_offset_minutes: int
    weight: float


ORIGINS: Final = (
    Origin("en", "US", -300, 15),
    Origin("en", "US", -480, 9),
    Origin("en", "CA", -300, 3),
    Origin("en", "GB", 0, 7),
    Origin("en", "AU", 600, 2.5),
    Origin("en", "SE", 60, 1.5),
    Origin("en", "PH", 480, 1),
    Origin("en", "IN", 330, 0.8),
    Origin("es", "ES", 60, 5),
    Origin("es", "MX", -360, 4),
    Origin("es", "AR", -180, 3),
    Origin("pt", "BR", -180, 7),
    Origin("pt", "PT", 0, 0.8),
    Origin("de", "DE", 60, 8),
    Origin("de", "AT", 60, 1),
    Origin("fr", "FR", 60, 6.5),
    Origin("fr", "CA", -300, 0.7),
    Origin("ru", "RU", 180, 6),
    Origin("ru", "KZ", 300, 0.7),
    Origin("ja", "JP", 540, 5),
    Origin("ko", "KR", 540, 4),
    Origin("zh", "TW", 480, 2.5),
    Origin("zh", "HK", 480, 0.7),
    Origin("it", "IT", 60, 2.5),
    Origin("pl", "PL", 60, 2.5),
    Origin("tr", "TR", 180, 1.8),
    Origin("ar", "SA", 180, 1.2),
    Origin("ar", "EG", 120, 0.5),
    Origin("he", "IL", 120, 0.5),
    Origin("th", "TH", 420, 1.2),
    Origin("uk", "UA", 120, 0.8),
    Origin("nl", "NL", 60, 0.8),
    Origin("sv", "SE", 60, 0.5),
    Origin("cs", "CZ", 60, 0.8),
    Origin("hi", "IN", 330, 0.5),
    Origin("other", "US", -300, 0.4),
)

ORIGIN_WHEEL: Final = Wheel([origin.weight for origin in ORIGINS])

_HOURLY_AUDIENCE: Final = (
    *(0.62, 0.50, 0.42, 0.36, 0.33, 0.32, 0.34, 0.38, 0.43, 0.48, 0.53, 0.58),
    *(0.63, 0.67, 0.71, 0.75, 0.80, 0.86, 0.93, 1.00, 1.05, 1.06, 0.98, 0.80),
)


def audience_awake(local_seconds: int) -> float:
    """Return how much of an audience is there at a local time of day, against the evening's 1.0."""
    hours = local_seconds / 3_600 % 24
    hour = int(hours)
    share = hours - hour
    return _HOURLY_AUDIENCE[hour] * (1 - share) + _HOURLY_AUDIENCE[(hour + 1) % 24] * share
