"""A spike that is planted in the sandbox: one message, none after a restart, one recovery."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.receiver import PATH, Receiver, receiving
from tests.flows.conftest import Snowcast
from tests.flows.explained import read_records

# What the platform does by itself, by the hour of the test, is no spike: the planted one is forty times the usual.
_SETTINGS = {
    "SNOWCAST_SPIKE_MIN_SAMPLES": "3",
    "SNOWCAST_SPIKE_COOLDOWN_MINUTES": "0.001",
    "SNOWCAST_SPIKE_RATIO": "20",
    "SNOWCAST_SPIKE_VIEWERS": "1000000",
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def test_a_planted_spike_is_one_message_none_after_a_restart_and_one_recovery(
    snowcast: Snowcast, receiver: Receiver, home: Path
):
    polled = snowcast("ingest", "twitch", "--polls", "6", **_SETTINGS, SNOWCAST_SLACK_WEBHOOK_URL=receiver.url)
    assert polled.code == 0, polled.err
    assert "nothing new" in snowcast("alert").out.splitlines()[-1]
    planted = snowcast("sandbox", "spike", "--times", "40")
    login = planted.out.split()[0]
    snowcast("ingest", "twitch")
    foreseen = snowcast("alert", "--dry-run")
    assert (foreseen.code, receiver.texts) == (0, [])
    first = snowcast("alert")
    assert (first.code, first.out.splitlines()[-1].endswith("alerts: 1 new, 1 sent.")) == (0, True), first.out
    again = snowcast("alert")
    assert (again.code, again.out.splitlines()[-1].endswith("alerts: nothing new.")) == (0, True), again.out
    (message,) = receiver.texts
    assert f"https://www.twitch.tv/{login}|" in message
    assert "times the usual" in message
    snowcast("sandbox", "spike", "--end")
    snowcast("ingest", "twitch")
    over = snowcast("alert")
    assert (over.code, over.out.splitlines()[-1].endswith("alerts: 1 over, 1 sent.")) == (0, True), over.out
    assert "alerts: nothing new." in snowcast("alert").out
    assert [f"{login}|" in text for text in receiver.texts] == [True, True]
    assert "is over its spike" in receiver.texts[1]
    logs = "".join(path.read_text(encoding="utf-8") for path in (home / "logs").glob("*.log"))
    told = snowcast("sql", "SELECT * FROM OPS.ALERTS", "--format", "json").out
    assert PATH.rsplit("/", 1)[1] not in logs + told + first.out + first.err
    (spike,) = json.loads(snowcast("sql", "SELECT spike_key FROM MARTS.MART_VIEWER_SPIKES", "--format", "json").out)
    explained = snowcast(
        "explain", "mart_viewer_spikes", "peak_viewers", "--key", f"spike_key={spike['SPIKE_KEY']}", "--json"
    )
    peak = json.loads(explained.out)
    assert peak["value"] == max(record["viewer_count"] for record in read_records(home / "landing", peak))


def test_a_webhook_that_is_refused_is_a_matter_of_configuration(snowcast: Snowcast, receiver: Receiver):
    wrong = snowcast("alert", SNOWCAST_SLACK_WEBHOOK_URL=receiver.url, SNOWCAST_SLACK_WEBHOOK_BLOCK="none")
    assert (wrong.code, "set one of them, both are set" in wrong.err) == (2, True), wrong.err
    missing = snowcast("alert", SNOWCAST_SLACK_WEBHOOK_URL="", SNOWCAST_SLACK_WEBHOOK_BLOCK="no-such-block")
    assert (missing.code, "Prefect has no SlackWebhook block 'no-such-block'" in missing.err) == (2, True)


def test_the_address_may_be_kept_by_prefect(snowcast: Snowcast, receiver: Receiver):
    from pydantic import SecretStr

    from flows.publish_to.slack.client import find_webhook
    from flows.settings import load_settings

    snowcast("status")  # the server of the tests is known from here on
    from prefect.blocks.notifications import SlackWebhook

    SlackWebhook(url=SecretStr(receiver.url)).save("spikes", overwrite=True, _sync=True)
    found = find_webhook(load_settings(slack_webhook_block="spikes"))
    assert found is not None
    assert found.get_secret_value() == receiver.url


def test_a_setting_that_cannot_be_is_refused_before_anything_runs(snowcast: Snowcast):
    for name, value, told in (
        ("SNOWCAST_ALERT_TIMEZONE", "Berlin", "is no time zone"),
        ("SNOWCAST_ALERT_QUIET_HOURS", "22-7", "two times of the day"),
        ("SNOWCAST_SLACK_WEBHOOK_URL", "http://example.com/secret", "must begin with https://"),
    ):
        refused = snowcast("alert", **{name: value})
        assert (refused.code, told in refused.err, "example.com/secret" in refused.err) == (2, True, False), refused.err
        snowcast("--version", **{name: ""})
