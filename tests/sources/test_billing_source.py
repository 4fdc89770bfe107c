"""Where billing comes from: the place that is set, or the deliveries of the sandbox that are due."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.errors import ConfigError
from flows.landing import land
from flows.settings import Settings, load_settings
from flows.sources.billing import BillingSource
from flows.sources.registry import SOURCES, choose_sources, find_source, need_sandbox_server

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path, sandbox_customers=10)


def delivered_until(moment: datetime, settings: Settings) -> list[str]:
    """Days of the users files that lie in the sandbox's folder after a fetch at that moment is prepared."""
    assert list(BillingSource().due_snapshots(settings, None, moment)) == [moment]
    return sorted(file.stem[-8:] for file in (settings.home / "sandbox/billing").glob("users_*.csv"))


def test_the_first_run_looks_back_over_three_deliveries(settings: Settings) -> None:
    assert delivered_until(NOON, settings) == ["20261103", "20261104", "20261105"]


def test_a_later_run_takes_the_days_after_the_newest_one_that_landed(settings: Settings) -> None:
    land(settings.landing_root, "billing", "users", datetime(2026, 11, 1, tzinfo=UTC), [{}])

    assert delivered_until(NOON, settings) == ["20261102", "20261103", "20261104", "20261105"]


def test_nothing_is_delivered_twice_on_a_day(settings: Settings) -> None:
    land(settings.landing_root, "billing", "users", datetime(2026, 11, 5, tzinfo=UTC), [{}])

    assert delivered_until(NOON, settings) == []


def test_before_the_platform_opened_there_is_nothing(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="The sandbox has no billing deliveries of 2020-01-"):
        delivered_until(datetime(2020, 1, 5, tzinfo=UTC), settings)


def test_a_place_that_is_set_is_not_written_to(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, billing_url=SecretStr(str(tmp_path / "given")))

    assert delivered_until(NOON, settings) == []


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({}, ["twitch", "billing", "livelogs", "amplitude"]),
        ({"twitch_client_id": "x", "twitch_client_secret": "y"}, ["twitch"]),
        ({"twitch_client_id": "x", "twitch_client_secret": "y", "billing_url": "/data"}, ["twitch", "billing"]),
    ],
)
def test_a_run_takes_the_sources_that_are_configured(
    changes: dict[str, str], chosen: list[str], tmp_path: Path
) -> None:
    settings = load_settings(home=tmp_path, **changes)

    assert choose_sources([], settings) == chosen
    assert choose_sources(["billing"], settings) == ["billing"]
    assert need_sandbox_server(chosen, settings) is (not changes)
    assert need_sandbox_server(["billing"], settings) is False


def test_an_unknown_source_is_told_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="There is no source 'youtube'. Known: twitch, billing"):
        find_source("youtube")


def test_a_source_is_named_as_its_raw_tables_are() -> None:
    from transforms.catalog import models

    loaded = {(model.table.source or "").partition("/")[0] for model in models().values() if model.table.source}

    assert loaded - {"kafka"} == set(SOURCES)  # messages are consumed, not fetched: `snowcast stream consume`
