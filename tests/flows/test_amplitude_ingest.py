"""`snowcast ingest amplitude`: the sandbox's hours, backfills, gaps, files, and what is published coming back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deployments.sandbox import find
from deployments.sandbox.process.endpoint import SandboxEndpoint

NOW = "2026-11-20T12:20:00"
HOURS = "SELECT hour_at, state, events FROM OPS.EXPORT_HOURS ORDER BY hour_at"
EVENTS = "SELECT COUNT(*) AS n FROM RAW.RAW_AMPLITUDE_EVENTS"


@pytest.fixture(autouse=True)
def _few_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWCAST_AMPLITUDE_FIRST_HOURS", "3")


@pytest.fixture
def sandbox(home: Path) -> Iterator[SandboxEndpoint]:
    """The sandbox of the home, which a command before has started; it behaves again afterwards."""
    running = find(home)
    assert running is not None
    yield running
    running.clear_faults()


def asked(snowcast, query: str) -> list[dict]:
    return json.loads(snowcast("sql", query, "--format", "json").out)


def hours_of(snowcast) -> dict[str, str]:
    return {row["HOUR_AT"][:13]: row["STATE"] for row in asked(snowcast, HOURS)}


def test_the_hours_that_are_ready_are_loaded_and_checked(snowcast):
    done = snowcast("ingest", "amplitude", "--snapshot-at", NOW)
    assert done.code == 0, done.out + done.err
    assert hours_of(snowcast) == {"2026-11-20T07": "landed", "2026-11-20T08": "landed", "2026-11-20T09": "landed"}
    assert "landed up to 2026-11-20 10:00 UTC" in done.out
    (count,) = asked(snowcast, EVENTS)
    assert count["N"] == sum(row["EVENTS"] for row in asked(snowcast, HOURS)) > 50
    assert "check source amplitude" in done.out
    types = asked(snowcast, "SELECT record:name::text AS name FROM RAW.RAW_AMPLITUDE_EVENT_TYPES")
    assert {row["NAME"] for row in types} >= {"app_opened", "page_viewed"}


def test_again_at_the_same_time_is_nothing_new(snowcast):
    before = asked(snowcast, EVENTS)
    done = snowcast("ingest", "amplitude", "--snapshot-at", NOW)
    assert done.code == 0, done.out + done.err
    assert "no new hours" in done.out
    assert asked(snowcast, EVENTS) == before


def test_a_backfill_lands_its_range_and_gaps_are_told_and_filled(snowcast, sandbox):
    range_of = ("--since", "2026-11-19T20:00", "--until", "2026-11-19T23:00")
    done = snowcast("ingest", "amplitude", *range_of, "--snapshot-at", NOW)
    assert done.code == 0, done.out + done.err
    assert "8 hours behind it are missing: --fill-gaps" in done.out
    assert "hours follow each other without a gap" in done.out
    assert len(hours_of(snowcast)) == 6
    sandbox.inject("export_too_large", times=None, rows=0, hour="20261120T02")
    done = snowcast("ingest", "amplitude", "--fill-gaps", "--snapshot-at", NOW)
    assert done.code == 1, done.out + done.err
    assert "hour 2026-11-20T02: too_large" in done.err
    states = hours_of(snowcast)
    assert states.pop("2026-11-20T02") == "too_large"
    assert set(states.values()) <= {"landed", "empty"}
    assert len(states) == 13
    sandbox.clear_faults()
    done = snowcast("ingest", "amplitude", "--fill-gaps", "--snapshot-at", NOW)
    assert done.code == 0, done.out + done.err
    assert "hours behind it are missing" not in done.out


def test_what_was_published_comes_back(snowcast, sandbox):
    sandbox.set_clock(datetime.fromisoformat(NOW + "+00:00") + timedelta(minutes=10))
    import httpx

    event = {"event_type": "gift_sent", "user_id": "viewer_1", "time": 1_592_678_834_000, "insert_id": "gift_1"}
    body = {"api_key": sandbox.amplitude_key, "events": [event]}
    assert httpx.post(f"{sandbox.amplitude_url}/batch", json=body, trust_env=False).status_code == 200
    done = snowcast("ingest", "amplitude", "--snapshot-at", "2026-11-20T15:10:00")
    assert done.code == 0, done.out + done.err
    found = asked(
        snowcast,
        "SELECT record:\"$insert_id\"::text AS id FROM RAW.RAW_AMPLITUDE_EVENTS WHERE record:event_type = 'gift_sent'",
    )
    assert found == [{"ID": "gift_1"}]


def test_a_source_that_does_not_answer_ends_in_code_3_and_the_next_run_goes_on(snowcast, sandbox, monkeypatch):
    from flows.sources.amplitude import client
    from flows.sources.source import Retries

    monkeypatch.setattr(
        client.ExportClient.__init__,
        "__kwdefaults__",
        {
            **(client.ExportClient.__init__.__kwdefaults__ or {}),
            "retries": Retries(attempts=2, first_wait_seconds=0.01, longest_wait_seconds=0.02),
        },
    )
    sandbox.inject("503", path="/amplitude/api/", times=None)
    done = snowcast("ingest", "amplitude", "--snapshot-at", "2026-11-20T16:10:00")
    assert done.code == 3, done.out + done.err
    assert "did not answer: it answered 503, 2 times" in done.err
    sandbox.clear_faults()
    assert snowcast("ingest", "amplitude", "--snapshot-at", "2026-11-20T16:20:00").code == 0
    assert hours_of(snowcast)["2026-11-20T13"] == "landed"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("twitch", "--since", NOW), "--since: only hours that are exported are chosen so"),
        (("amplitude", "--since", NOW, "--until", NOW), "would be empty"),
        (("amplitude", "--since", "yesterday"), "is no time"),
        (("amplitude", "--fill-gaps", "--from-files", "."), "--fill-gaps: only hours"),
        (("amplitude", "--polls", "2"), "--polls: amplitude is not polled"),
    ],
)
def test_wrong_use_is_told(snowcast, arguments, told):
    done = snowcast("ingest", *arguments)
    assert done.code == 2, done.out + done.err
    assert told in done.err


def test_half_a_configuration_is_told(snowcast):
    done = snowcast("ingest", "amplitude", SNOWCAST_AMPLITUDE_SECRET_KEY="secret")
    assert done.code == 2, done.out + done.err
    assert "SNOWCAST_AMPLITUDE_API_KEY is not set" in done.err


def test_the_keys_may_be_in_a_block(snowcast, sandbox, server):
    from prefect.blocks.system import Secret

    from flows.settings import load_settings
    from flows.sources.amplitude.project import project_of

    Secret(value={"api_key": "key", "secret_key": "hidden"}).save("amplitude-keys", overwrite=True)
    Secret(value="{}").save("no-keys", overwrite=True)
    project = project_of(load_settings(amplitude_block="amplitude-keys", amplitude_export_host="eu"))
    assert (project.url, project.secret_key.get_secret_value()) == ("https://analytics.eu.amplitude.com", "hidden")
    assert "hidden" not in repr(project)
    done = snowcast("ingest", "amplitude", SNOWCAST_AMPLITUDE_BLOCK="no-keys")
    assert done.code == 2
    assert 'must hold {"api_key"' in done.err
    done = snowcast("ingest", "amplitude", SNOWCAST_AMPLITUDE_BLOCK="none-such")
    assert done.code == 2
    assert "Prefect has no Secret block 'none-such'" in done.err


def test_files_are_read_from_the_place_that_is_set_and_the_sandbox_stays_out_then(snowcast, tmp_path):
    folder = tmp_path / "bucket"
    folder.mkdir()
    event = {"event_type": "opened", "uuid": "u1", "device_id": "d1", "ip_address": "192.0.2.7"}
    (folder / "100_2026-11-20_6#0.json").write_text(json.dumps(event))
    done = snowcast("ingest", "amplitude", SNOWCAST_AMPLITUDE_URL=str(folder))
    assert done.code == 0, done.out + done.err
    found = asked(snowcast, "SELECT _snapshot_at AS at, record FROM RAW.RAW_AMPLITUDE_EVENTS WHERE record:uuid = 'u1'")
    assert [(row["AT"][:13], json.loads(row["RECORD"]).get("ip_address")) for row in found] == [("2026-11-20T06", None)]
    shutil.rmtree(folder)
    done = snowcast("ingest", "amplitude", SNOWCAST_AMPLITUDE_URL="")
    assert done.code == 0, done.out + done.err
    assert "events of yours are here" in done.out
