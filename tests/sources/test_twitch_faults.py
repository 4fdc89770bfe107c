"""Every fault that Helix is known for, injected into the server and met by a poll."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from deployments.sandbox import SandboxServer
from flows.errors import ConfigError, SourceError
from flows.sources.source import Retries
from flows.sources.twitch.poll import PollRecord, TwitchConfig, TwitchPoll, poll
from tests.sources.conftest import records_in, visible_files

AT = datetime(2026, 11, 1, 18, tzinfo=UTC)
Configure = Callable[..., TwitchConfig]


def record_of(polled: TwitchPoll, entity: str) -> PollRecord:
    return next(record for record in polled.records if record.entity == entity)


def stream_ids(polled: TwitchPoll, root: Path) -> list[str]:
    return [record["id"] for file in polled.files if file.entity == "streams" for record in records_in(root, file)]


PASSING = [
    pytest.param("429", {"seconds": 1}, id="429"),
    pytest.param("429_without_headers", {}, id="429-without-headers"),
    pytest.param("429", {"seconds": 3600}, id="429-reset-in-an-hour"),
    pytest.param("ratelimit_zero", {"seconds": 1}, id="remaining-0"),
    pytest.param("ratelimit_zero", {"seconds": 3600}, id="remaining-0-reset-in-an-hour"),
    pytest.param("500", {}, id="500"),
    pytest.param("502", {}, id="502"),
    pytest.param("503", {"times": 2}, id="503-twice"),
    pytest.param("504", {}, id="504"),
    pytest.param("drop_connection", {}, id="dropped"),
    pytest.param("truncate_body", {}, id="cut-body"),
    pytest.param("not_json", {}, id="html"),
    pytest.param("slow", {"seconds": 2.5}, id="time-out"),
    pytest.param("expired_token", {}, id="expired-token"),
    pytest.param("unauthorized", {}, id="401"),
]


@pytest.mark.parametrize("pages", ["first", "later"])
@pytest.mark.parametrize(("fault", "rule"), PASSING)
def test_a_fault_that_passes_cuts_nothing_short(
    fault: str, rule: dict[str, Any], pages: str, config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    retries = Retries(attempts=4, first_wait_seconds=0.01, longest_wait_seconds=0.05, timeout_seconds=1.5)
    sandbox.inject(fault, path="/helix/streams", pages=pages, **rule)

    polled = poll(config_of(retries=retries), tmp_path, snapshot_at=AT)

    ids = stream_ids(polled, tmp_path)
    assert len(ids) == len(set(ids)) == 250
    assert record_of(polled, "streams").ended == "complete"
    assert polled.failure is None


@pytest.mark.parametrize("path", ["/helix/users", "/helix/games"])
def test_a_429_between_batches_of_ids_loses_none(
    path: str, config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    undisturbed = poll(config_of(), tmp_path / "undisturbed", snapshot_at=AT)
    sandbox.inject("429", path=path, seconds=1)

    polled = poll(config_of(), tmp_path / "disturbed", snapshot_at=AT)

    assert polled.files[:3] == undisturbed.files[:3]


@pytest.mark.parametrize("fault", ["500", "503", "429_without_headers", "drop_connection", "not_json"])
def test_a_fault_that_stays_ends_in_one_line_that_names_the_url(
    fault: str, config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject(fault, path="/helix/streams", pages="later", times=None)

    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    assert isinstance(polled.failure, SourceError)
    assert polled.failure.exit_code == 3
    text = str(polled.failure)
    assert f"{sandbox.base_url}streams" in text
    assert "4 attempts" in text
    assert "\n" not in text
    assert sandbox.client_secret not in text


def test_a_listing_that_fails_half_way_leaves_no_file_but_a_record(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject("500", path="/helix/streams", pages="later", after=1, times=None)

    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    assert [file.entity for file in polled.files] == ["polls"]
    assert visible_files(tmp_path) == [polled.files[0].relative_path]
    failed = record_of(polled, "streams")
    assert (failed.ended, failed.pages, failed.rows_received) == ("failed", 2, 200)


def test_streams_that_came_whole_stay_when_their_users_fail(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject("500", path="/helix/users", after=1, times=None)

    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    assert [file.entity for file in polled.files] == ["streams", "polls"]
    ended = [(record.entity, record.ended) for record in polled.records]
    assert ended == [("streams", "complete"), ("users", "failed")]


def test_a_poll_tried_again_at_the_same_time_is_not_taken_for_the_failed_one(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject("500", path="/helix/streams", times=None)
    failed = poll(config_of(), tmp_path, snapshot_at=AT)
    sandbox.clear_faults()

    again = poll(config_of(), tmp_path, snapshot_at=AT)

    assert record_of(failed, "streams").poll_id != record_of(again, "streams").poll_id
    assert record_of(again, "streams").ended == "complete"


@pytest.mark.parametrize(("fault", "ended"), [("loop_cursor", "looped"), ("refuse_cursor", "refused")])
def test_a_cursor_that_fails_once_begins_the_listing_again(
    fault: str, ended: str, config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject(fault, path="/helix/streams")

    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    record = record_of(polled, "streams")
    assert (record.ended, record.restarts, record.distinct_rows) == ("complete", 1, 250)
    assert record.rows_received > 250
    assert ended in str(record.note)


@pytest.mark.parametrize(("fault", "ended"), [("loop_cursor", "looped"), ("refuse_cursor", "refused")])
def test_a_cursor_that_keeps_failing_ends_the_listing_and_says_so(
    fault: str, ended: str, config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject(fault, path="/helix/streams", times=None)

    polled = poll(config_of(top_streams=350), tmp_path, snapshot_at=AT)

    record = record_of(polled, "streams")
    assert (record.ended, record.restarts) == (ended, 1)
    assert 0 < record.distinct_rows < 350
    assert len(stream_ids(polled, tmp_path)) == record.rows_received
    assert polled.failure is None


def test_repeats_across_pages_are_kept_and_counted(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject("repeat_pages", path="/helix/streams", rows=7, times=None)

    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    ids = stream_ids(polled, tmp_path)
    record = record_of(polled, "streams")
    assert len(ids) == record.rows_received > record.distinct_rows == len(set(ids)) == 250


def test_ids_that_are_not_returned_are_counted_and_named(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject("missing_ids", path="/helix/users", rows=3)

    record = record_of(poll(config_of(), tmp_path, snapshot_at=AT), "users")

    assert (record.requested, record.distinct_rows, record.missing_ids, record.ended) == (250, 247, 3, "complete")
    assert "not returned" in str(record.note)


def test_an_empty_listing_is_recorded_and_lands_no_data(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject("empty_listing", path="/helix/streams")

    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    assert [file.entity for file in polled.files] == ["polls"]
    assert [(record.entity, record.ended) for record in polled.records] == [
        ("streams", "empty"),
        ("users", "empty"),
        ("games", "empty"),
    ]


@pytest.mark.parametrize("fault", ["short_page", "empty_page"])
def test_short_and_empty_pages_do_not_end_the_listing(
    fault: str, config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject(fault, path="/helix/streams", rows=5)

    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    assert record_of(polled, "streams").distinct_rows == 250


def test_the_page_cap_ends_a_listing_as_capped(config_of: Configure, tmp_path: Path) -> None:
    record = record_of(poll(config_of(max_pages=2), tmp_path, snapshot_at=AT), "streams")

    assert (record.ended, record.pages, record.distinct_rows) == ("capped", 2, 200)


def test_wrong_credentials_are_a_configuration_error_without_the_secret(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "not-the-secret-8731"

    with pytest.raises(ConfigError) as refused:
        poll(config_of(client_secret=SecretStr(secret)), tmp_path, snapshot_at=AT)

    text = str(refused.value)
    assert "SNOWCAST_TWITCH_CLIENT_SECRET" in text
    assert sandbox.auth_url in text
    assert refused.value.exit_code == 2
    assert refused.value.__suppress_context__
    assert secret not in text + caplog.text
    assert visible_files(tmp_path) == []


def test_credentials_that_are_withdrawn_during_the_listing_are_a_configuration_error(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject("expired_token", path="/helix/streams", pages="later")
    sandbox.inject("invalid_client", after=1, times=None)

    with pytest.raises(ConfigError, match="refused the credentials"):
        poll(config_of(), tmp_path, snapshot_at=AT)

    assert visible_files(tmp_path) == []


def test_a_token_server_that_is_down_for_a_moment_is_asked_again(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject("500", path="/oauth2/token", times=2)

    assert poll(config_of(), tmp_path, snapshot_at=AT).failure is None


def test_an_address_that_answers_nothing_is_a_source_error(config_of: Configure, tmp_path: Path) -> None:
    polled = poll(config_of(auth_url="http://127.0.0.1:9/oauth2/"), tmp_path, snapshot_at=AT)

    assert "http://127.0.0.1:9/oauth2/token" in str(polled.failure)


def test_an_address_that_is_no_helix_is_a_configuration_error(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="SNOWCAST_TWITCH_BASE_URL"):
        poll(config_of(base_url=sandbox.url + "/elsewhere/"), tmp_path, snapshot_at=AT)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"client_id": ""}, "SNOWCAST_TWITCH_CLIENT_ID"),
        ({"client_secret": SecretStr("")}, "SNOWCAST_TWITCH_CLIENT_SECRET"),
        ({"top_streams": 0}, "SNOWCAST_TWITCH_TOP_STREAMS"),
        ({"base_url": "api.twitch.tv"}, "SNOWCAST_TWITCH_BASE_URL"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_asked(
    changes: dict[str, Any], named: str, config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=named):
        poll(config_of(**changes), tmp_path, snapshot_at=AT)

    assert not sandbox.requests


def test_a_poll_that_is_killed_leaves_nothing_visible(
    config_of: Configure, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.inject("slow", path="/helix/streams", pages="later", seconds=30)
    config = config_of(retries=Retries(timeout_seconds=60))
    script = (
        "import sys; from pathlib import Path; from pydantic import SecretStr\n"
        "from flows.sources.twitch.poll import TwitchConfig, poll\n"
        "config = TwitchConfig(sys.argv[1], SecretStr(sys.argv[2]), sys.argv[3], sys.argv[4])\n"
        "poll(config, Path(sys.argv[5]))"
    )
    arguments = [config.client_id, sandbox.client_secret, config.base_url, config.auth_url, str(tmp_path)]
    child = subprocess.Popen([sys.executable, "-c", script, *arguments])
    deadline = time.monotonic() + 30
    while sandbox.requests["/helix/streams"] < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()

    assert visible_files(tmp_path) == []
    assert len(list((tmp_path / ".unfinished").glob("*.part"))) == 1
