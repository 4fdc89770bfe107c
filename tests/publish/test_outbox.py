"""The ledger of what was published: from rows to events, states, and what a run after a crash does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flows.errors import ConfigError, SourceError
from flows.publish_to.amplitude.publish import choose_activities, choose_target, publish
from flows.settings import load_settings
from tests.publish.conftest import T0, gifts, held_ids


def test_rows_become_events_without_nulls_and_without_the_platform(warehouse, receiver, settings):
    warehouse.add(
        "viewer_activity",
        {
            "activity_id": "paid",
            "activity": "payment_made",
            "customer": "billing:U:1",
            "feature_json": {"plan": None, "amount": 9.99},
            "revenue_impact": -9.99,
            "link": "https://example.com/1",
        },
        {"activity_id": "anonymous", "anonymous_customer_id": "device-7", "ts": T0 + timedelta(milliseconds=123.9)},
    )
    warehouse.add(
        "streamer_activity",
        {"activity_id": "started", "activity": "stream_started", "customer": "twitch:12", "ts": T0 - timedelta(days=1)},
    )
    publish(warehouse.session, settings, run_id="one")
    assert receiver.amplitude.held.events == [
        {
            "event_type": "stream_started",
            "user_id": "12",
            "time": 1_592_592_434_000,
            "event_properties": {},
            "insert_id": "started",
        },
        {
            "event_type": "payment_made",
            "user_id": "U:1",
            "time": 1_592_678_834_000,
            "event_properties": {"plan": None, "amount": 9.99},
            "revenue": -9.99,
            "insert_id": "paid",
        },
        {
            "event_type": "gift_sent",
            "device_id": "device-7",
            "time": 1_592_678_834_123,
            "event_properties": {},
            "insert_id": "anonymous",
        },
    ]


def test_a_second_run_sends_only_what_is_new_and_late(warehouse, receiver, settings):
    warehouse.add("viewer_activity", *gifts(3))
    first = publish(warehouse.session, settings, run_id="one")
    again = publish(warehouse.session, settings, run_id="two")
    warehouse.add("viewer_activity", {"activity_id": "late", "ts": T0 - timedelta(days=30)})
    third = publish(warehouse.session, settings, run_id="three")
    assert [run.sent.total() for run in (first, again, third)] == [3, 0, 1]
    assert again.line() == "project: nothing new"
    assert receiver.requests["/amplitude/batch"] == 2
    assert warehouse.ledger() == [
        (one, 1, status, "")
        for one in ("gift_0000", "gift_0001", "gift_0002", "late")
        for status in ("pending", "sent")
    ]


def test_only_the_chosen_activities_are_sent(warehouse, receiver, settings):
    warehouse.add("viewer_activity", {"activity_id": "gift"}, {"activity_id": "paid", "activity": "payment_made"})
    publish(warehouse.session, settings, run_id="one", activities=["payment_made"])
    assert held_ids(receiver) == ["paid"]


def test_an_unknown_activity_is_refused_with_near_ones():
    with pytest.raises(ConfigError, match=r"no activity 'gift_sended'\. Did you mean gift_sent"):
        choose_activities(["gift_sended"])


def test_pending_rows_of_a_run_that_died_are_sent_again_byte_by_byte(warehouse, receiver, settings):
    """The receiver took the events and died before it answered; meanwhile one row changed and one is gone."""
    warehouse.add("viewer_activity", *gifts(3))
    receiver.inject("drop_after_taking", times=None)
    with pytest.raises(SourceError):
        publish(warehouse.session, settings, run_id="one")
    assert {row[2] for row in warehouse.ledger()} == {"pending"}
    taken = list(receiver.amplitude.held.events)
    receiver.clear_faults()
    warehouse.statement("UPDATE {viewer_activity} SET customer = 'livelogs:other' WHERE activity_id = 'gift_0000'")
    warehouse.statement("DELETE FROM {viewer_activity} WHERE activity_id = 'gift_0001'")
    published = publish(warehouse.session, settings, run_id="two")
    assert published.sent.total() == 3
    assert receiver.amplitude.held.events == taken
    assert [row for row in warehouse.ledger() if row[2] == "sent"] == [
        (f"gift_000{number}", 1, "sent", "") for number in range(3)
    ]


def test_what_amplitude_may_have_forgotten_is_held_back_until_a_person_asks_for_it(warehouse, receiver, settings):
    warehouse.add("viewer_activity", *gifts(2))
    receiver.inject("503", path="/amplitude/", times=None)
    with pytest.raises(SourceError):
        publish(warehouse.session, settings, run_id="one")
    receiver.clear_faults()
    old = datetime.now(UTC) - timedelta(days=7)
    warehouse.statement(
        f"UPDATE {{ledger}} SET recorded_at = '{old:%Y-%m-%d %H:%M:%S}'::TIMESTAMP_NTZ WHERE activity_id = 'gift_0000'"
    )
    second = publish(warehouse.session, settings, run_id="two")
    assert (second.sent.total(), second.held_back, held_ids(receiver)) == (1, 1, ["gift_0001"])
    assert second.line() == "project: 1 sent, 1 held back: it is unknown if they arrived"
    third = publish(warehouse.session, settings, run_id="three", again=["unconfirmed"])
    assert (third.sent.total(), third.held_back, held_ids(receiver)) == (1, 0, ["gift_0000", "gift_0001"])


def test_rejected_events_stay_rejected_until_they_are_asked_for_again(warehouse, receiver, settings):
    warehouse.add("viewer_activity", {"activity_id": "short", "customer": "twitch:1"}, {"activity_id": "good"})
    strict = settings.model_copy(update={"amplitude_min_id_length": 5})
    first = publish(warehouse.session, strict, run_id="one")
    assert (first.sent.total(), first.rejected.total()) == (1, 1)
    assert first.reasons == ["gift_sent short: user_id '1' is shorter than 5 (SNOWCAST_AMPLITUDE_MIN_ID_LENGTH)"]
    assert publish(warehouse.session, settings, run_id="two").sent.total() == 0
    assert publish(warehouse.session, settings, run_id="three", again=["rejected"]).sent.total() == 1
    assert warehouse.ledger() == [
        ("good", 1, "pending", ""),
        ("good", 1, "sent", ""),
        ("short", 1, "pending", ""),
        ("short", 1, "rejected", "user_id '1' is shorter than 5 (SNOWCAST_AMPLITUDE_MIN_ID_LENGTH)"),
        ("short", 2, "released", "to be sent again after it was rejected"),
        ("short", 3, "pending", ""),
        ("short", 3, "sent", ""),
    ]


def test_a_released_event_is_sent_by_the_next_run(warehouse, receiver, settings):
    warehouse.add("viewer_activity", *gifts(2))
    receiver.inject("daily_quota", rows=1)
    first = publish(warehouse.session, settings, run_id="one")
    second = publish(warehouse.session, settings, run_id="two")
    assert (first.sent.total(), first.released.total(), second.sent.total()) == (1, 1, 1)
    assert first.line() == "project: 1 sent, 1 left for the next run"
    assert [row[:3] for row in warehouse.ledger() if row[0] == "gift_0000"] == [
        ("gift_0000", 1, "pending"),
        ("gift_0000", 1, "released"),
        ("gift_0000", 2, "pending"),
        ("gift_0000", 2, "sent"),
    ]


def test_another_project_gets_everything_again(warehouse, receiver, settings):
    warehouse.add("viewer_activity", *gifts(1))
    publish(warehouse.session, settings, run_id="one")
    other = settings.model_copy(update={"amplitude_project": "other"})
    assert publish(warehouse.session, other, run_id="two").sent.total() == 1
    assert receiver.amplitude.held.dropped == {"gift_0000": 1}


def test_a_dry_run_counts_and_shows_and_changes_nothing(warehouse, receiver, settings):
    warehouse.add("viewer_activity", *gifts(2), {"activity_id": "paid", "activity": "payment_made"})
    publish(warehouse.session, settings, run_id="one", activities=["gift_sent"])
    warehouse.statement("UPDATE {viewer_activity} SET revenue_impact = 7 WHERE activity_id = 'gift_0000'")
    warehouse.statement("DELETE FROM {viewer_activity} WHERE activity_id = 'gift_0001'")
    before = warehouse.ledger()
    seen = publish(warehouse.session, settings, run_id="two", dry_run=True)
    assert dict(seen.waiting) == {"payment_made": 1}
    assert (seen.changed, seen.gone) == (1, 1)
    assert [sample["insert_id"] for sample in seen.samples] == ["paid"]
    assert seen.line() == "project: 1 to send"
    assert warehouse.ledger() == before
    assert receiver.requests["/amplitude/batch"] == 1


def test_two_publishers_of_one_home_do_not_run_at_once(warehouse, receiver, settings):
    import fcntl

    with (settings.home / "publish-amplitude.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="publishes to Amplitude at this moment"):
            publish(warehouse.session, settings, run_id="one")


def test_the_ledger_names_a_project_by_host_and_fingerprint_never_by_its_key(tmp_path):
    settings = load_settings(home=tmp_path, amplitude_api_key="0123456789abcdef0123456789abcdef", amplitude_host="eu")
    target = choose_target(settings)
    assert target.name.startswith("api.eu.amplitude.com/")
    assert target.url == "https://api.eu.amplitude.com/batch"
    assert "0123" not in repr(target) + target.name


def test_a_host_without_a_key_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="SNOWCAST_AMPLITUDE_API_KEY is not"):
        choose_target(load_settings(home=tmp_path, amplitude_host="https://proxy.example.com"))
