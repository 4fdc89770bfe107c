"""The rules of Amplitude's upload endpoints one by one, against a receiver on loopback that keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from deployments.sandbox import SandboxServer
from deployments.sandbox.amplitude.checks import is_chosen
from flows.errors import ConfigError, SourceError
from flows.publish_to.amplitude.client import AmplitudeClient, Target
from flows.publish_to.outgoing import Outgoing, split_uploads
from tests.publish.conftest import held_ids

UPLOADS = {"batch": "/amplitude/batch", "http": "/amplitude/2/httpapi"}
Send = Callable[..., dict[str, list[tuple[str, str | None]]]]


def events(count: int, **changes: Any) -> list[Outgoing]:
    made = []
    for number in range(count):
        event = {
            "event_type": "gift_sent",
            "user_id": f"viewer_{number}",
            "time": 1_592_678_834_000 + number,
            "event_properties": {"points": number},
            "insert_id": f"e{number}",
            **changes,
        }
        kept = {name: value for name, value in event.items() if value is not None}
        made.append(Outgoing(f"e{number}", "gift_sent", 1, json.dumps(kept)))
    return made


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def send(receiver: SandboxServer, pauses: list[float]) -> Send:
    """Send events; gives (activity_id, reason) by verdict."""

    def call(outgoing: list[Outgoing], mode: str = "batch", **changes: Any) -> dict[str, list[tuple[str, str | None]]]:
        given: dict[str, Any] = {
            "name": "project",
            "url": f"{receiver.url}{UPLOADS[mode]}",
            "api_key": SecretStr(receiver.amplitude.api_key),
            "mode": mode,
            "min_id_length": 1,
            "events_per_second": 1_000_000,
            "retry_seconds": 30.0,
        }
        found: dict[str, list[tuple[str, str | None]]] = {}
        with AmplitudeClient(Target(**{**given, **changes}), sleep=pauses.append) as client:
            for verdicts in client.send(outgoing):
                for one in verdicts:
                    found.setdefault(one.status, []).append((one.outgoing.activity_id, one.reason))
        return found

    return call


def ids(outgoing: list[Outgoing]) -> list[tuple[str, None]]:
    return [(one.activity_id, None) for one in outgoing]


@pytest.mark.parametrize("mode", UPLOADS)
def test_good_events_are_sent_as_they_are(receiver, send, mode):
    outgoing = events(3)
    assert send(outgoing, mode) == {"sent": ids(outgoing)}
    assert receiver.amplitude.held.events == [one.event for one in outgoing]
    assert receiver.requests == {UPLOADS[mode]: 1}


def test_an_upload_has_at_most_2000_events_and_a_second_s_worth(receiver, send):
    send(events(2_001))
    assert receiver.requests["/amplitude/batch"] == 2
    send(events(25), events_per_second=10)
    assert receiver.requests["/amplitude/batch"] == 2 + 3


@pytest.mark.parametrize(("mode", "uploads"), [("http", 3), ("batch", 1)])
def test_an_upload_has_at_most_1_or_20_megabytes(receiver, send, mode, uploads):
    outgoing = events(5, event_properties={"note": "x" * 400_000})
    assert send(outgoing, mode) == {"sent": ids(outgoing)}
    assert receiver.requests[UPLOADS[mode]] == uploads


def test_uploads_keep_order_and_an_event_above_the_limit_is_alone():
    outgoing = [Outgoing(str(number), "a", 1, "x" * size) for number, size in enumerate([3, 3, 50, 3, 3, 3])]
    assert [[one.activity_id for one in upload] for upload in split_uploads(outgoing, 2, 10)] == [
        ["0", "1"],
        ["2"],
        ["3", "4"],
        ["5"],
    ]


def test_an_event_that_is_too_large_by_itself_is_rejected_without_an_upload(receiver, send):
    (outgoing,) = events(1, event_properties={"note": "x" * 1_000_000})
    told = f"too large for Amplitude: {len(outgoing.text):,} bytes (413)"
    assert send([outgoing], "http") == {"rejected": [("e0", told)]}
    assert not receiver.requests


def test_413_is_sent_again_in_halves(receiver, send):
    receiver.inject("413", rows=2, times=None)
    outgoing = events(7)
    assert send(outgoing) == {"sent": ids(outgoing)}
    assert held_ids(receiver) == [f"e{number}" for number in range(7)]


def test_413_for_a_single_event_rejects_it(receiver, send):
    receiver.inject("413", rows=0, times=None)
    outgoing = events(2)
    told = [f"too large for Amplitude: {len(one.text):,} bytes (413)" for one in outgoing]
    assert send(outgoing) == {"rejected": [("e0", told[0]), ("e1", told[1])]}


def test_400_rejects_the_bad_events_by_index_and_sends_the_others(receiver, send):
    outgoing = events(6)
    outgoing[1] = Outgoing("e1", "gift_sent", 1, json.dumps({**outgoing[1].event, "time": -5}))
    outgoing[4] = Outgoing("e4", "gift_sent", 1, json.dumps({**outgoing[4].event, "event_type": "", "time": 0}))
    assert send(outgoing) == {
        "rejected": [("e1", "has an invalid time (400)"), ("e4", "lacks event_type and has an invalid time (400)")],
        "sent": ids([outgoing[place] for place in (0, 2, 3, 5)]),
    }
    assert held_ids(receiver) == ["e0", "e2", "e3", "e5"]


def test_silenced_events_are_rejected(receiver, send):
    receiver.inject("silence_events", rows=4, times=None)
    outgoing = events(20)
    silenced = {one.activity_id for one in outgoing if is_chosen(one.event, 4, "silenced")}
    found = send(outgoing)
    assert found["rejected"] == [
        (one.activity_id, "is silenced in Amplitude (400)") for one in outgoing if one.activity_id in silenced
    ]
    assert {name for name, _ in found["sent"]} == {one.activity_id for one in outgoing} - silenced


def test_400_that_names_no_event_is_narrowed_down_to_the_bad_one(receiver, send):
    broken = Outgoing("broken", "gift_sent", 1, '{"event_type": "gift_sent", "user_id": "x"')
    outgoing = [*events(3), broken]
    assert send_ignoring_checks(send, outgoing) == {
        "sent": ids(outgoing[:3]),
        "rejected": [("broken", "Invalid JSON request body (400)")],
    }


def send_ignoring_checks(send: Send, outgoing: list[Outgoing]) -> Any:
    """An event that this side takes for good: its fields are given, its text is what is sent."""
    for one in outgoing:
        if one.activity_id == "broken":
            one.__dict__["event"] = {"user_id": "x"}
    return send(outgoing)


@pytest.mark.parametrize("field", ["user_id", "device_id"])
def test_an_id_that_is_too_short_is_rejected_before_amplitude_drops_it(receiver, send, field):
    outgoing = events(1, **{"user_id": None, field: "u1"})
    assert send(outgoing, min_id_length=5) == {
        "rejected": [("e0", f"{field} 'u1' is shorter than 5 (SNOWCAST_AMPLITUDE_MIN_ID_LENGTH)")]
    }
    assert not receiver.requests
    assert send(outgoing, min_id_length=2) == {"sent": [("e0", None)]}


def test_an_event_of_nobody_is_rejected(send):
    assert send(events(1, user_id=None)) == {"rejected": [("e0", "names neither a user nor a device")]}


def test_429_waits_and_sends_only_the_throttled_later(receiver, send, pauses):
    receiver.inject("throttle_events", rows=2)
    outgoing = events(5)
    assert send(outgoing) == {"sent": ids([*outgoing[2:], *outgoing[:2]])}
    assert pauses == [30.0]
    assert receiver.requests["/amplitude/batch"] == 3


def test_429_that_names_nobody_waits_with_all(receiver, send, pauses):
    receiver.inject("429_without_headers", path="/amplitude/")
    assert send(events(2)) == {"sent": ids(events(2))}
    assert pauses == [30.0]


def test_the_rate_of_one_user_is_kept_by_the_receiver(receiver, send, pauses):
    """HTTP V2 takes 30 events a second of one user, over half a minute: the 901st has to wait."""
    outgoing = [*events(900, user_id="busy"), *events(1, user_id="busy", insert_id="last")]
    assert set(send(outgoing, "http", events_per_second=900)) == {"sent", "released"}
    assert len(receiver.amplitude.held.events) == 900
    assert pauses.count(30.0) == 19


def test_a_daily_quota_releases_the_events_for_a_later_run(receiver, send, pauses):
    receiver.inject("daily_quota", rows=1)
    outgoing = events(3)
    assert send(outgoing) == {
        "released": [("e0", "daily quota of its user or device is used up (429)")],
        "sent": ids(outgoing[1:]),
    }
    assert pauses == []


@pytest.mark.parametrize("fault", ["500", "502", "503", "504", "drop_connection", "not_json", "truncate_body"])
def test_an_unknown_outcome_is_sent_again(receiver, send, fault):
    receiver.inject(fault, path="/amplitude/", times=3)
    outgoing = events(4)
    assert send(outgoing) == {"sent": ids(outgoing)}
    assert receiver.requests["/amplitude/batch"] == 4
    assert held_ids(receiver) == ["e0", "e1", "e2", "e3"]


@pytest.mark.parametrize("fault", ["fail_after_taking", "drop_after_taking"])
def test_events_that_were_taken_before_the_fault_are_held_once(receiver, send, fault):
    receiver.inject(fault)
    assert send(events(2)) == {"sent": ids(events(2))}
    assert held_ids(receiver) == ["e0", "e1"]
    assert receiver.amplitude.held.dropped == {"e0": 1, "e1": 1}


def test_a_receiver_that_stays_away_ends_in_a_source_error_with_growing_pauses(receiver, send, pauses):
    receiver.inject("503", path="/amplitude/", times=None)
    with pytest.raises(SourceError, match="did not take the events: it answered 503, 8 times"):
        send(events(2))
    assert len(pauses) == 7
    assert sorted(pauses)[-1] > pauses[0]
    assert max(pauses) <= 33


def test_nobody_at_the_address_is_a_source_error(send):
    with pytest.raises(SourceError, match="ConnectError, 8 times"):
        send(events(1), url="http://127.0.0.1:9/batch")


def test_a_wrong_key_is_a_configuration_error_that_does_not_show_it(receiver, send):
    with pytest.raises(ConfigError, match=r"refuses the API key \(400\).*SNOWCAST_AMPLITUDE_API_KEY") as raised:
        send(events(1), api_key=SecretStr("hush-hush-hush"))
    assert "hush" not in str(raised.value)


def test_403_is_a_configuration_error(receiver, send):
    receiver.inject("forbidden")
    with pytest.raises(ConfigError, match=r"refuses the API key \(403\)") as raised:
        send(events(1))
    assert receiver.amplitude.api_key not in str(raised.value)


def test_another_server_at_the_address_is_a_configuration_error(receiver, send):
    with pytest.raises(ConfigError, match="answers 404: no upload is served there"):
        send(events(1), url=f"{receiver.url}/amplitude/elsewhere")


def test_the_pace_is_that_of_the_setting(receiver, send, pauses):
    send(events(30), events_per_second=10)
    assert [round(pause, 1) for pause in pauses] == [pytest.approx(1.0, abs=0.3), pytest.approx(2.0, abs=0.4)]
