"""Histories by timestamp keep the promises of every history."""

from __future__ import annotations

from tests.properties.history_oracle import TIMESTAMP
from tests.properties.history_promises import HistoryPromises
from tests.properties.history_tables import PROBES, halved


class TestHistoriesByTimestamp(HistoryPromises):
    """All ways with hard deletes, listed and all columns."""

    histories = [probe for probe in PROBES if probe.rule.strategy == TIMESTAMP]
    grown_histories = halved(histories, 0)
