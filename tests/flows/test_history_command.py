"""`snowcast history`: the versions of one key as a timeline, the version of a time, and what it says of mistakes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import DataFrame

from flows.cli.output import plain
from flows.settings import load_settings
from flows.warehouse import open_session, prepare
from tests.expectations.planting import insert_statement
from tests.feeding import minutes
from tests.flows.conftest import Snowcast, calling
from tests.registering import model_of, registered
from transforms import columns
from transforms.catalog import models
from transforms.contract import VERSION_COLUMNS, Layer, Table
from transforms.write_kinds import HardDeletes, History, Strategy

STREAMERS = models()["streamers_history"].table
PLANS = Table(
    name="plans_history",
    layer=Layer.HISTORY,
    grain="one version of one user",
    key=("user_key", "valid_from"),
    recompute_by=("user_key",),
    write=History(
        strategy=Strategy.CHECK,
        tracked=("country", "plan_type"),
        hard_deletes=HardDeletes.INVALIDATE,
        named_by=("platform", "user_id"),
    ),
    columns=(
        columns.user_key,
        columns.platform,
        columns.user_id,
        columns.country,
        columns.plan_type,
        *VERSION_COLUMNS,
    ),
)


def build(stg_billing_users: DataFrame) -> DataFrame:
    """Never called: the tests write the versions."""
    return PLANS.observe(stg_billing_users)


def version(table: Table, start: float, end: float | None, **values: Any) -> dict[str, Any]:
    """A version from and to minutes after 2023-09-24 17:00."""
    base = {
        "valid_from": minutes(start),
        "valid_to": None if end is None else minutes(end),
        "is_current": end is None,
        "is_deleted": False,
        "version_key": f"{table.name} {start}",
        "observed_at_last": minutes(start),
        "platform": "billing",
        "_build_id": "b",
    }
    return {**dict.fromkeys(column.name for column in table.stored_columns), **base, **values}


def streamer(start: float, end: float | None, name: str, **values: Any) -> dict[str, Any]:
    named = {"streamer_key": "k1", "streamer_id": "1", "streamer_name": name, "streamer_login": name.lower()}
    return version(STREAMERS, start, end, **{**named, "account_created_at": datetime(2020, 1, 1), **values})


def plan(start: float, end: float | None, plan_type: str | None, **values: Any) -> dict[str, Any]:
    named = {"user_key": "a", "user_id": "U1", "country": "us", "plan_type": plan_type}
    return version(PLANS, start, end, **{**named, **values})


STORED = {
    STREAMERS.name: [
        streamer(0, 75, "Ann", description="first\nline"),
        streamer(75, 60 * 24 * 3, "Anna", description=None),
        streamer(60 * 24 * 3, None, "Anna", description="x" * 150),
        streamer(0, None, "Bob", streamer_key="k2", streamer_id="2", version_key="bob"),
    ],
    PLANS.name: [
        plan(0, 10, "basic"),
        plan(20, 30, "basic"),
        plan(30, 40, None),
        plan(0, None, "basic", user_key="b", user_id="U,2", version_key="comma"),
        plan(0, None, "basic", user_key="c", user_id="U1", platform="other", version_key="other"),
    ],
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose warehouse holds these versions."""
    from deployments.embedded import stop

    home = tmp_path_factory.mktemp("home")
    with registered([model_of(PLANS, build)]):
        settings = load_settings(home=home)
        with open_session(settings, flow="test") as session:
            prepare(session, settings)
            for name, versions in STORED.items():
                statement = insert_statement(models()[name].table, settings.database, versions)
                session.connection.cursor().execute(statement)
        yield home
    stop(home)


@pytest.fixture
def snowcast(filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Snowcast:
    """Run a command on that home."""
    monkeypatch.setenv("SNOWCAST_HOME", str(filled))
    return calling(monkeypatch, capsys)


def lines(out: str) -> list[list[str]]:
    """The cells of the printed lines; the rule under the head is left out."""
    return [[cell.rstrip() for cell in re.split(" ?[│┃] ?", line)] for line in out.splitlines() if "━" not in line]


def test_a_timeline_shows_each_version_with_its_changes_marked(snowcast: Snowcast) -> None:
    done = snowcast("history", "streamers_history", "1")
    so_far = f"{(datetime.now(UTC).replace(tzinfo=None) - minutes(60 * 24 * 3)).days} d"
    *shown, count = lines(done.out)
    assert (done.code, done.err, count) == (0, "", ["3 rows"])
    assert shown[0] == ["streamers_history: streamer_id 1, streamer_key k1"]
    assert [[cell.strip() if place < 3 else cell for place, cell in enumerate(row)] for row in shown[1:12]] == [
        ["from", "to", "how long", "what it says (* changed)"],
        ["2023-09-24 17:00:00", "2023-09-24 18:15:00", "1 h 15 min", "  streamer_login: ann"],
        ["", "", "", "  streamer_name: Ann"],
        ["", "", "", "  description: first line"],
        ["", "", "", "  broadcaster_type: NULL"],
        ["", "", "", "  profile_image_url: NULL"],
        ["2023-09-24 18:15:00", "2023-09-27 17:00:00", "2 d 22 h", "* streamer_login: anna (was ann)"],
        ["", "", "", "* streamer_name: Anna (was Ann)"],
        ["", "", "", "* description: NULL (was first line)"],
        ["", "", "", "  broadcaster_type: NULL"],
        ["", "", "", "  profile_image_url: NULL"],
    ]
    newest = [cell.strip() for cell in shown[12]]
    assert newest[:2] == ["2023-09-27 17:00:00", "now"]
    assert newest[2].startswith(so_far)
    assert newest[2].endswith(" so far")
    assert shown[14][3] == f"* description: {'x' * 99}… (was NULL)"


def test_a_composite_key_is_named_with_commas_and_its_absences_are_spans(snowcast: Snowcast) -> None:
    done = snowcast("history", "PLANS_HISTORY", "billing,U1")
    assert done.code == 0
    times_and_words = [[row[0].strip(), *row[1:2], row[3]] for row in lines(done.out)[2:-1]]
    assert times_and_words == [
        ["2023-09-24 17:00:00", "2023-09-24 17:10:00", "  country: us"],
        ["", "", "  plan_type: basic"],
        ["2023-09-24 17:10:00", "2023-09-24 17:20:00", "* deleted"],
        ["2023-09-24 17:20:00", "2023-09-24 17:30:00", "  country: us"],
        ["", "", "  plan_type: basic"],
        ["2023-09-24 17:30:00", "2023-09-24 17:40:00", "  country: us"],
        ["", "", "* plan_type: NULL (was basic)"],
        ["2023-09-24 17:40:00", "now", "* deleted"],
    ]


@pytest.mark.parametrize("key", ["billing,U1", "a", " billing, U1"])
def test_a_key_is_named_for_people_or_by_its_hash(snowcast: Snowcast, key: str) -> None:
    out = snowcast("history", "plans_history", key).out
    assert out.startswith("plans_history: platform billing, user_id U1, user_key a\n")


def test_a_part_with_a_comma_is_quoted(snowcast: Snowcast) -> None:
    out = snowcast("history", "plans_history", 'billing,"U,2"').out
    assert out.startswith("plans_history: platform billing, user_id U,2, user_key b\n")


def test_json_and_csv_hold_every_column(snowcast: Snowcast) -> None:
    rows = json.loads(snowcast("history", "plans_history", "a", "--format", "json").out)
    stored = {row["version_key"]: row for row in STORED["plans_history"]}
    kept = [row for row in rows if row["version_key"]]
    assert kept == [
        {
            **{
                name: plain(stored[row["version_key"]][name]) if stored[row["version_key"]][name] is not None else None
                for name in PLANS.column_names
            },
            "changed": changed,
        }
        for row, changed in zip(kept, ["", "", "plan_type"], strict=True)
    ]
    assert [(row["valid_from"], row["valid_to"], row["is_deleted"]) for row in rows if not row["version_key"]] == [
        ("2023-09-24T17:10:00", "2023-09-24T17:20:00", True),
        ("2023-09-24T17:40:00", None, True),
    ]
    printed = csv.DictReader(io.StringIO(snowcast("history", "plans_history", "a", "--format", "csv").out))
    assert [line["valid_from"] for line in printed] == [row["valid_from"] for row in rows]
    assert printed.fieldnames == [*PLANS.column_names, "changed"]


@pytest.mark.parametrize(
    ("time", "begins"),
    [
        ("2023-09-24T16:59:59Z", None),
        ("2023-09-24 17:00", "2023-09-24T17:00:00"),
        ("2023-09-24T19:09:59+02:00", "2023-09-24T17:00:00"),
        ("2023-09-24 17:10", None),
        ("2023-09-24 17:30", "2023-09-24T17:30:00"),
        ("2026-01-01", None),
    ],
)
def test_as_of_gives_the_one_version_of_a_time(snowcast: Snowcast, time: str, begins: str | None) -> None:
    done = snowcast("history", "plans_history", "a", "--as-of", time, "--format", "json")
    assert done.code == 0
    assert [row["valid_from"] for row in json.loads(done.out)] == ([begins] if begins else [])


def test_as_of_for_people_shows_what_is_not_tracked_too(snowcast: Snowcast) -> None:
    out = snowcast("history", "streamers_history", "1", "--as-of", "2023-09-25").out
    assert "* " not in out.split("changed)")[1]
    assert "  streamer_name: Anna" in out
    assert "  account_created_at: 2020-01-01 00:00:00" in out
    assert out.endswith("1 row\n")
    before = snowcast("history", "streamers_history", "1", "--as-of", "2020-01-01")
    assert before.out.endswith("It did not exist at 2020-01-01 00:00:00 UTC.\n")
    assert before.code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan_history", "a"), ["'plan_history' is no history", "did you mean plans_history?"]),
        (
            ("dim_users", "a"),
            ["'dim_users' is no history", "histories are channel_history, plans_history"],
        ),
        (("plans_history", "U1"), ["plans_history has no key 'U1'", "platform,user_id", 'billing,"U,2"; billing,U1']),
        (("plans_history", "a,b,c"), ["named by platform,user_id or by user_key", "found 3 values"]),
        (("plans_history", ""), ["found 0 values"]),
        (("plans_history", "a'; drop table x --"), ["has no key"]),
        (("channel_history", "1"), ["channel_history has no version of any key yet", "snowcast run"]),
        (("plans_history", "a", "--as-of", "yesterday"), ["--as-of 'yesterday' is no time"]),
        (("plans_history",), ["key"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    snowcast: Snowcast, arguments: tuple[str, ...], words: list[str]
) -> None:
    done = snowcast("history", *arguments)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert [word for word in words if word not in done.err] == []


def test_a_name_of_two_keys_asks_for_the_hash(snowcast: Snowcast) -> None:
    twice = [streamer(0, None, "Cid", streamer_key=key, streamer_id="3", version_key=key) for key in ("k3", "k4")]
    settings = load_settings()
    with open_session(settings, flow="test") as session:
        session.connection.cursor().execute(insert_statement(STREAMERS, settings.database, twice))
    done = snowcast("history", "streamers_history", "3")
    assert done.code == 2
    assert "'3' names 2 keys of streamers_history. Name one by streamer_key: k3 or k4" in done.err
    assert snowcast("history", "streamers_history", "k4").code == 0
