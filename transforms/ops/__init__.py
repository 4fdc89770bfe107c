"""The ledgers: what was polled, delivered, exported, loaded, built, consumed, refused, checked, published and told.

Append only, except HEADS, which has one row a table: every build exchanges it for its own, so that two builds of one
table at once cannot both do so.

A reader who wants to know where a row came from walks them backwards: `_build_id` names a row of BUILDS, CONSUMPTIONS
the loads that this build read, LOADS the landing file, POLLS the poll that wrote it, DELIVERIES the file that was
delivered or EXPORT_HOURS the hour that was exported.
"""

from transforms.ops.arrivals import DELIVERIES, EXPORT_HOURS, LOADS, POLLS, REDRIVES, STREAM_POSITIONS
from transforms.ops.builds import BUILDS, CONSUMPTIONS, DISPLACED, HEADS, QUARANTINE, RECONCILIATION
from transforms.ops.runs import ALERTS, PUBLICATIONS, RUNS, SCHEMA_DRIFT, VALIDATION_RESULTS, VERSIONS

LEDGERS = (
    VERSIONS,
    POLLS,
    LOADS,
    DELIVERIES,
    EXPORT_HOURS,
    BUILDS,
    CONSUMPTIONS,
    DISPLACED,
    HEADS,
    QUARANTINE,
    REDRIVES,
    RECONCILIATION,
    VALIDATION_RESULTS,
    SCHEMA_DRIFT,
    PUBLICATIONS,
    ALERTS,
    STREAM_POSITIONS,
    RUNS,
)

__all__ = [
    "ALERTS",
    "LEDGERS",
    "BUILDS",
    "CONSUMPTIONS",
    "DELIVERIES",
    "DISPLACED",
    "EXPORT_HOURS",
    "HEADS",
    "LOADS",
    "POLLS",
    "PUBLICATIONS",
    "QUARANTINE",
    "RECONCILIATION",
    "REDRIVES",
    "RUNS",
    "SCHEMA_DRIFT",
    "STREAM_POSITIONS",
    "VALIDATION_RESULTS",
    "VERSIONS",
]
