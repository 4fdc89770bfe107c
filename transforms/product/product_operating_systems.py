"""Operating systems: one row per system (or browser) and version that events named.

Grain    one operating system in one version
Key      os_key, the hash of os_name and os_version
Source   product_events
Units    every *_at is UTC without zone
Rerun    adds what new events tell to what is stored; recomputes what changed events touch
Gaps     a system that is not told is a row with NULLs, so that every event has one
"""

from __future__ import annotations

from transforms.contract import MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import join_spans, take_events
from transforms.functions import DataFrame
from transforms.staging import amplitude_columns as amplitude

_NAMES = ("os_key", "os_name", "os_version")

TABLE = Table(
    *locate_table(__name__),
    grain="one operating system in one version",
    key=("os_key",),
    write=MergeOnKey(),
    recompute_by=("os_key",),
    tags=("amplitude",),
    columns=(
        amplitude.os_key,
        amplitude.os_name,
        amplitude.os_version,
        amplitude.first_event_at.replace(nullable=False),
        amplitude.last_event_at.replace(nullable=False),
    ),
)


def build(product_events: DataFrame) -> DataFrame:
    """Take each of them once, with the first and the newest event."""
    return combine(take_events(product_events, _NAMES))


def combine(observed: DataFrame) -> DataFrame:
    """Span them; a stored row spans like the events that it came from."""
    return TABLE.select(join_spans(observed, _NAMES))
