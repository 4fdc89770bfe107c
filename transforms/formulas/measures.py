"""Measures that several tables compute: one formula for each.

Sums are kept in whole milliseconds, so they are exact and do not depend on the order in which rows are added.
"""

from __future__ import annotations

from transforms.contract import FLOAT
from transforms.formulas.frames import null_of
from transforms.functions import DataFrame, Expression, col, iff, lit

MS_PER_HOUR = 3_600_000
MS_PER_MINUTE = 60_000


def with_watched(frame: DataFrame) -> DataFrame:
    """Return the frame with hours_watched, avg_viewers and airtime_minutes from its viewer_ms and covered_ms."""
    return frame.select(
        "*",
        (_float("viewer_ms") / lit(float(MS_PER_HOUR))).alias("hours_watched"),
        (_float("viewer_ms") / iff(col("covered_ms") == lit(0), null_of(FLOAT), _float("covered_ms"))).alias(
            "avg_viewers"
        ),
        (_float("covered_ms") / lit(float(MS_PER_MINUTE))).alias("airtime_minutes"),
    )


def _float(name: str) -> Expression:
    return col(name).cast(FLOAT)
