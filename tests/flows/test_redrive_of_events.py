"""An event that was refused has no file: it is repaired where it came from."""

from __future__ import annotations

import pytest

from flows.errors import ConfigError
from flows.load.redrive import _find_raw_table


def test_a_refused_event_is_not_driven_again_but_its_records_are():
    assert _find_raw_table("stg_billing_payments").name == "raw_billing_payments"
    with pytest.raises(ConfigError, match="int_viewer_events refuses events, which have no file of their own"):
        _find_raw_table("int_viewer_events")
