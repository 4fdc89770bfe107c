"""What is told of spikes: each once, recoveries behind them, nothing at night, many in one message."""

from __future__ import annotations

from typing import Any

import pytest

from flows.errors import ConfigError
from flows.settings import Settings
from tests.alerts.conftest import Warehouse, ago, settings_for, telling
from tests.alerts.receiver import SILENT, Receiver

SENT = [("spike", 0, "decided"), ("spike", 1, "pending"), ("spike", 1, "sent")]
OVER = [("recovery", 0, "decided"), ("recovery", 1, "pending"), ("recovery", 1, "sent")]


def test_a_spike_is_told_once_and_its_recovery_once(warehouse: Warehouse, receiver: Receiver, settings: Settings):
    warehouse.spike("a", 3)
    assert telling(warehouse, settings).line() == "1 new, 1 sent"
    assert telling(warehouse, settings, 1).line() == "nothing new"
    assert warehouse.states() == SENT
    warehouse.close("a", -35)
    assert telling(warehouse, settings, 36).line() == "1 over, 1 sent"
    assert telling(warehouse, settings, 37).line() == "nothing new"
    assert warehouse.states() == SENT + OVER
    assert receiver.texts == [
        "*<https://www.twitch.tv/login_a|Name a>* spikes in Chess: 1,000 viewers, 5.0 times the usual 200\n"
        "Since 2026-03-01 19:57 UTC, by now 1,200 at 19:57. Why: its own growth: no change of category or title is "
        "known, and the category did not rise.\n> hello",
        "*<https://www.twitch.tv/login_a|Name a>* is over its spike in Chess: 190 viewers at 2026-03-01 20:35 UTC, "
        "peak 1,200 at 2026-03-01 19:57 UTC",
    ]


def test_an_episode_that_late_samples_move_is_the_one_that_was_told(
    warehouse: Warehouse, receiver: Receiver, settings: Settings
):
    warehouse.spike("a", 3)
    telling(warehouse, settings)
    table = f"{warehouse.database}.MARTS.MART_VIEWER_SPIKES"
    moved = f"UPDATE {table} SET spike_key = 'moved', started_at = '{ago(20)}'::TIMESTAMP_NTZ"
    warehouse.session.sql(moved).collect()
    assert telling(warehouse, settings, 1).line() == "nothing new"
    warehouse.spike("a", -40, spike_key="another")
    assert telling(warehouse, settings, 41).line() == "1 new, 1 sent"
    assert len(receiver.texts) == 2


def test_no_recovery_before_the_alert_was_delivered(warehouse: Warehouse, receiver: Receiver, settings: Settings):
    warehouse.spike("a", 3)
    warehouse.close("a", -1)
    receiver.plan(503, times=4)
    assert telling(warehouse, settings, 2).line() == "1 new, 1 left for the next run; Slack answered 503, 4 times"
    assert telling(warehouse, settings, 3).line() == "1 sent"
    assert telling(warehouse, settings, 4).line() == "1 over, 1 sent"
    assert [text.split("*")[2].split(" ")[1] for text in receiver.texts] == ["spikes", "is"]


def test_a_stream_that_is_not_seen_any_more_is_over(warehouse: Warehouse, receiver: Receiver, settings: Settings):
    common = {"platform": "twitch", "viewer_count": 9, "hold_ms": 0, "is_poll": False, "is_narrowed": False}
    common |= {"streamer_key": "k", "streamer_id": "u", "game_id": "g"}
    warehouse.spike("a", 3)
    warehouse.put("int_stream_observations", {**common, "stream_id": "a", "snapshot_at": ago(2)})
    telling(warehouse, settings)
    warehouse.put("int_stream_observations", {**common, "stream_id": "b", "snapshot_at": ago(-27)})
    assert telling(warehouse, settings, 28).line() == "nothing new"
    warehouse.put("int_stream_observations", {**common, "stream_id": "b", "snapshot_at": ago(-28)})
    assert telling(warehouse, settings, 29).line() == "1 over, 1 sent"
    assert "is over its spike in Chess: not seen any more since 2026-03-01 19:58 UTC" in receiver.texts[-1]


def test_what_late_samples_unmake_is_taken_back(warehouse: Warehouse, receiver: Receiver, settings: Settings):
    warehouse.spike("a", 3)
    telling(warehouse, settings)
    warehouse.session.sql(f"DELETE FROM {warehouse.database}.MARTS.MART_VIEWER_SPIKES").collect()
    telling(warehouse, settings, 1)
    assert receiver.texts[-1].endswith("is over its spike in Chess: late samples say that it was none")


def test_quiet_hours_hold_both_in_their_time_zone(warehouse: Warehouse, receiver: Receiver):
    quiet = settings_for(
        warehouse, receiver.url, alert_timezone="Europe/Berlin", alert_quiet_hours="22:00-07:00", alert_minutes=60
    )
    warehouse.spike("a", 3)
    telling(warehouse, quiet)  # 21:00 in Berlin
    warehouse.close("a", -60)
    warehouse.spike("b", -70)
    assert telling(warehouse, quiet, 75).line() == "1 new, 1 over, 2 held until 07:00 Europe/Berlin"
    assert telling(warehouse, quiet, 599).line() == "2 held until 07:00 Europe/Berlin"
    assert len(receiver.texts) == 1
    assert telling(warehouse, quiet, 600).line() == "2 sent"
    assert [text.split("|")[1][:6] for text in receiver.texts] == ["Name a", "Name b", "Name a"]


def test_many_streams_at_once_are_one_message(warehouse: Warehouse, receiver: Receiver):
    few = settings_for(warehouse, receiver.url, alert_digest_above=3)
    for number in range(4):
        warehouse.spike(f"s{number}", 3, peak_viewers=1000 + number)
    assert telling(warehouse, few).line() == "4 new, 4 sent"
    lines = receiver.texts[0].splitlines()
    assert (len(receiver.texts), lines[0], len(lines)) == (1, "*4 streams spike at once*", 5)
    assert "login_s3" in lines[1]
    for number in range(3):
        warehouse.close(f"s{number}", -40)
    assert telling(warehouse, few, 41).line() == "3 over, 3 sent"
    assert len(receiver.texts) == 4


def test_what_was_over_long_ago_or_could_not_be_sent_is_not_told(warehouse: Warehouse, receiver: Receiver):
    settings = settings_for(warehouse, receiver.url, alert_minutes=30)
    warehouse.spike("a", 31)
    assert telling(warehouse, settings).line() == "nothing new"
    warehouse.spike("b", 1)
    receiver.plan(503, times=4)
    telling(warehouse, settings)
    told = telling(warehouse, settings, 31)
    assert told.line() == "1 not sent; could not be sent within 30 minutes"
    assert warehouse.ledger()[-1] == ("spike_b", "spike", 1, "dropped", "could not be sent within 30 minutes")
    assert receiver.texts == []


def test_without_a_webhook_alerts_are_kept_and_never_sent_later(warehouse: Warehouse, receiver: Receiver):
    warehouse.spike("a", 3)
    told = telling(warehouse, settings_for(warehouse, None))
    assert told.line() == "1 new, 1 not sent; no webhook is set: SNOWCAST_SLACK_WEBHOOK_URL"
    assert telling(warehouse, settings_for(warehouse, receiver.url), 1).line() == "nothing new"
    assert (receiver.texts, warehouse.states()) == ([], [("spike", 0, "decided"), ("spike", 0, "dropped")])


def test_a_refusal_leaves_the_others_for_the_next_run(warehouse: Warehouse, receiver: Receiver, settings: Settings):
    warehouse.spike("a", 3), warehouse.spike("b", 2)
    receiver.plan(404, "no_service")
    told = telling(warehouse, settings)
    assert (told.line(), told.is_misconfigured, receiver.asked) == (
        "2 new, 2 left for the next run; Slack refuses it: 404 no_service",
        True,
        1,
    )
    assert telling(warehouse, settings, 1).line() == "2 sent"


def test_an_unknown_outcome_is_told_and_sent_again_only_where_it_is_asked(
    warehouse: Warehouse, receiver: Receiver, settings: Settings
):
    warehouse.spike("a", 3)
    receiver.plan(SILENT)
    assert "1 of unknown outcome: look into the channel" in telling(warehouse, settings).line()
    assert telling(warehouse, settings, 1).line() == "1 of unknown outcome: look into the channel"
    assert telling(warehouse, settings, 2, again=["unconfirmed"]).line() == "1 sent"
    assert warehouse.states()[2:] == [("spike", 1, "released"), ("spike", 2, "pending"), ("spike", 2, "sent")]
    assert len(receiver.texts) == 2


def test_a_dry_run_writes_and_sends_nothing(warehouse: Warehouse, receiver: Receiver, settings: Settings):
    warehouse.spike("a", 3)
    told = telling(warehouse, settings, dry_run=True)
    assert told.line() == "1 new, 1 to send"
    assert told.messages[0]["text"].startswith("*<https://www.twitch.tv/login_a|Name a>* spikes")
    assert (receiver.asked, warehouse.ledger()) == (0, [])


CAUSES: list[tuple[dict[str, Any], str]] = [
    ({"game_name": "Chess", "game_id": "g"}, "changed category from Go to Chess at 19:50"),
    ({"title": "Finals <!here> | now"}, "changed its title at 19:50, before: early"),
]


@pytest.mark.parametrize(("change", "why"), CAUSES)
def test_a_change_of_the_channel_is_the_cause(
    warehouse: Warehouse, receiver: Receiver, settings: Settings, change: dict[str, Any], why: str
):
    version = {"streamer_key": "key_a", "platform": "twitch", "streamer_id": "a", "stream_id": "a", "title": "early"}
    version |= {"game_id": "go", "game_name": "Go", "is_current": False, "is_deleted": False}
    times = [{"valid_from": at, "observed_at_last": at, "version_key": str(at)} for at in (ago(90), ago(10))]
    warehouse.put("channel_history", {**version, **times[0]}, {**version, **times[1], **change})
    warehouse.spike("a", 3)
    telling(warehouse, settings)
    assert f"Why: {why}." in receiver.texts[0]


def test_a_category_that_rises_as_a_whole_is_the_cause(warehouse: Warehouse, receiver: Receiver, settings: Settings):
    counts = [(63, 1200), (33, 1200), (5, 1300), (3, 3200)]  # 200 of them are the stream's, 1,200 at the end
    rows = [{"scope": "game", "scope_id": "g", "snapshot_at": ago(at), "viewers": viewers} for at, viewers in counts]
    warehouse.put("mart_concurrent_viewers", *[{**row, "date_day": "2026-03-01", "streams": 9} for row in rows])
    warehouse.spike("a", 3)
    telling(warehouse, settings)
    assert "the whole category rises: its other streams have 2,000 viewers, usual are 1,000." in receiver.texts[0]


def test_what_a_streamer_writes_is_neither_a_mention_nor_a_link(
    warehouse: Warehouse, receiver: Receiver, settings: Settings
):
    warehouse.spike("a", 3)
    text = "UPDATE {0}.STAGING.STG_STREAM_SAMPLES SET title = '<!channel> a|b\\n& c', streamer_name = NULL"
    warehouse.session.sql(text.format(warehouse.database)).collect()
    telling(warehouse, settings)
    assert receiver.texts[0].splitlines()[-1] == "> &lt;!channel&gt; a¦b &amp; c"
    assert receiver.texts[0].startswith("*<https://www.twitch.tv/login_a|login_a>* spikes")


def test_a_run_with_nothing_new_asks_twice_and_once_more_for_what_was_told(
    warehouse: Warehouse, receiver: Receiver, settings: Settings
):
    with warehouse.session.query_history() as sent:
        telling(warehouse, settings)
    assert len(sent.queries) == 2
    warehouse.spike("a", 3)
    telling(warehouse, settings, 1)
    with warehouse.session.query_history() as sent:
        assert telling(warehouse, settings, 2).line() == "nothing new"
    assert len(sent.queries) == 3


def test_two_runs_at_once_do_not_tell_twice(warehouse: Warehouse, receiver: Receiver, settings: Settings):
    from deployments import process

    warehouse.spike("a", 3)
    with process.hold_lock(settings.home / "alert.lock"), pytest.raises(ConfigError, match="sends alerts at this"):
        telling(warehouse, settings)
    assert warehouse.ledger() == []
