"""Business rules of the marts layer: one file per table, named as the table. What several tables promise is here."""

from __future__ import annotations

from expectations.rules import CRITICAL, Rule

_NEARLY = "1e-9 * greatest(1, abs({0}))"


def measure_rules() -> tuple[Rule, ...]:
    """The measures are the sums that they are made of (SEMANTICS §2): hours, average and airtime."""
    return (
        _formula("hours_watched", "viewer_ms::float / 3600000", "viewer-hours are viewers x time", "viewer_ms"),
        _formula("airtime_minutes", "covered_ms::float / 60000", "airtime is the covered time", "covered_ms"),
        _formula(
            "avg_viewers",
            "viewer_ms::float / nullif(covered_ms, 0)::float",
            "the average is weighted by time, and NULL where no time is covered",
            "viewer_ms",
            "covered_ms",
        ),
    )


def ordered(first: str, last: str) -> Rule:
    """A span does not end before it begins."""
    return Rule(
        name=f"{first} is not after {last}",
        fails=f"{first} > {last}",
        severity=CRITICAL,
        reason="a span that ends before it begins was put together from the wrong rows",
        shows=(first, last),
        reads=(first, last),
    )


def _formula(measure: str, formula: str, reason: str, *of: str) -> Rule:
    differs = f"abs({measure} - {formula}) > {_NEARLY.format(measure)}"
    return Rule(
        name=f"{measure} follows from {' and '.join(of)}",
        fails=f"{differs} or ({measure} is null) <> (({formula}) is null)",
        severity=CRITICAL,
        reason=reason,
        shows=(measure, *of),
        reads=(measure, *of),
    )
