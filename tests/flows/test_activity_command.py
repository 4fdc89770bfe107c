"""`snowcast activity`: what there is, questions, their answers as rows or as a table, and what it says of mistakes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.settings import load_settings
from flows.warehouse import open_session, prepare
from tests.expectations.planting import insert_statement
from tests.feeding import T0
from tests.flows.conftest import Snowcast, calling
from transforms.activity.definitions.registry import list_known_activities
from transforms.catalog import models

STREAMER = models()["streamer_activity"].table
DAYS = timedelta(days=1)


def make_event(activity: str, customer: str, day: float, number: int, **features: Any) -> dict[str, Any]:
    """One row of the stream; it is repeated the day after unless told."""
    known = {feature.name: None for feature in list_known_activities()[activity].features}
    return {
        **dict.fromkeys(column.name for column in STREAMER.stored_columns),
        "activity_id": f"{activity} {customer} {number}",
        "ts": T0 + day * DAYS,
        "customer": customer,
        "activity": activity,
        "feature_json": {**known, **features},
        "activity_occurrence": number,
        "person": customer,
        "_build_id": "b",
    }


STORED = [
    make_event("stream_started", "twitch:1", 0, 1, streamer_type="gaming"),
    make_event("stream_started", "livelogs:a", 1, 1, streamer_type="music"),
    make_event("stream_started", "livelogs:b", 2, 1),
    make_event("gift_received", "livelogs:a", 3, 1, points=10, gift_name="rose"),
    make_event("gift_received", "livelogs:a", 11, 2, points=500, gift_name="a car"),
    make_event("gift_received", "livelogs:b", 9.5, 1, points=7),
]
STORED[3]["activity_repeated_at"] = STORED[4]["ts"]
QUESTION = """
first stream_started take streamer_type
append first gift_received after within 7 days take points as first_points
append aggregate gift_received ever take count() as gifts, sum(points) as points
"""
ANSWER = [
    ("livelogs:a", "2023-09-25T17:00:00", 1, "music", 10, 2, 510),
    ("livelogs:b", "2023-09-26T17:00:00", 1, None, None, 1, 7),
    ("twitch:1", "2023-09-24T17:00:00", 1, "gaming", None, 0, 0),
]
COLUMNS = ["activity_id", "entity", "ts", "occurrence", "streamer_type", "first_points", "gifts", "points"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose warehouse holds these events."""
    from deployments.embedded import stop

    home = tmp_path_factory.mktemp("home")
    settings = load_settings(home=home)
    with open_session(settings, flow="test") as session:
        prepare(session, settings)
        session.connection.cursor().execute(insert_statement(STREAMER, settings.database, STORED))
    yield home
    stop(home)


@pytest.fixture
def snowcast(filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Snowcast:
    """Run a command on that home."""
    monkeypatch.setenv("SNOWCAST_HOME", str(filled))
    return calling(monkeypatch, capsys)


def test_the_list_names_every_activity(snowcast: Snowcast) -> None:
    listed = json.loads(snowcast("activity", "list", "--json").out)
    assert {row["activity"] for row in listed} == set(list_known_activities())
    of_gifts = next(row for row in listed if row["activity"] == "gift_received")
    assert of_gifts["stream"] == "streamer_activity"
    assert "points" in of_gifts["features"].split(", ")
    assert f"{len(listed)} rows" in snowcast("activity", "list").out


def test_a_description_has_features_and_columns_of_the_stream_with_types(snowcast: Snowcast) -> None:
    done = snowcast("activity", "describe", "Gift_Received")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("gift_received, in streamer_activity: ")
    described = {
        row["name"]: row for row in json.loads(snowcast("activity", "describe", "gift_received", "--json").out)
    }
    assert (described["points"]["type"], described["points"]["of"]) == ("INTEGER", "feature")
    assert (described["revenue_impact"]["type"], described["revenue_impact"]["of"]) == ("DECIMAL(18, 2)", "stream")
    assert (described["ts"]["type"], described["is_cancelled"]["type"]) == ("TIMESTAMP", "BOOLEAN")


def test_an_answer_is_printed_by_entity_and_time(snowcast: Snowcast) -> None:
    rows = json.loads(snowcast("activity", "query", QUESTION, "--format", "json").out)
    assert [list(row) for row in rows] == [COLUMNS] * 3
    assert [tuple(row.values())[1:] for row in rows] == ANSWER
    printed = list(csv.reader(io.StringIO(snowcast("activity", "query", QUESTION, "--format", "csv").out)))
    assert printed[0] == COLUMNS
    assert printed[2][4:] == ["", "", "1", "7"]
    shown = snowcast("activity", "query", QUESTION)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.endswith("3 rows\n")


def test_an_answer_is_kept_as_a_table_and_asking_again_changes_nothing(snowcast: Snowcast) -> None:
    first = snowcast("activity", "query", QUESTION, "--table", "First_Gifts")
    again = snowcast("activity", "query", QUESTION, "--table", "first_gifts")
    assert (first.code, first.out) == (0, "MARTS.first_gifts: 3 inserted, 0 updated, 0 deleted.\n")
    assert (again.code, again.out) == (0, "MARTS.first_gifts: 0 inserted, 0 updated, 0 deleted.\n")
    select = "SELECT entity, points FROM marts.first_gifts ORDER BY entity"
    rows = json.loads(snowcast("sql", select, "--format", "json").out)
    assert [tuple(row.values()) for row in rows] == [("livelogs:a", 510), ("livelogs:b", 7), ("twitch:1", 0)]
    narrower = snowcast(
        "activity", "query", QUESTION.replace("ever", "ever where points < 100"), "--table", "first_gifts"
    )
    assert narrower.out == "MARTS.first_gifts: 0 inserted, 1 updated, 0 deleted.\n"
    assert " ".join(narrower.err.split()) == (
        f"snowcast: MARTS.first_gifts answered another question until now: {' '.join(QUESTION.split())}"
    )
    assert again.err == first.err == ""
    other = snowcast("activity", "query", "all gift_received", "--table", "first_gifts")
    assert other.code == 2
    assert "holds the answer to a question with other columns" in other.err


def test_every_type_is_kept_and_asked_again(snowcast: Snowcast) -> None:
    question = "all gift_received take feature_json, is_cancelled, revenue_impact, ts as at, points, points / 2 as half"
    for _ in range(2):
        done = snowcast("activity", "query", question, "--table", "kinds")
        assert (done.code, done.err) == (0, "")
    rows = json.loads(snowcast("sql", "SELECT * FROM marts.kinds", "--format", "json").out)
    assert sorted(row["HALF"] for row in rows) == [3.5, 5.0, 250.0]
    assert all('"gift_name"' in json.dumps(row["FEATURE_JSON"]).replace("\\", "") for row in rows)


def test_a_column_of_another_type_is_refused(snowcast: Snowcast) -> None:
    """Averages went into the whole numbers of the question before, rounded."""
    question = "all stream_started append aggregate gift_received after take {} as n"
    assert snowcast("activity", "query", question.format("max(points)"), "--table", "numbers").code == 0
    average = snowcast("activity", "query", question.format("avg(points)"), "--table", "numbers")
    assert (average.code, average.out) == (2, "")
    assert "n is NUMBER(38, 0) there and FLOAT here" in " ".join(average.err.split())
    text = snowcast("activity", "query", question.format("listagg(gift_name)"), "--table", "numbers")
    assert (text.code, text.out) == (2, "")
    assert "n is NUMBER(38, 0) there and TEXT here" in " ".join(text.err.split())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dim_users", ["dim_users is a table that `snowcast build` writes"]),
        ("x; drop table y", ["is not a plain identifier"]),
        ("by_hand", ["MARTS.BY_HAND is there and was not written from a question"]),
    ],
)
def test_a_table_that_is_something_else_is_refused(snowcast: Snowcast, name: str, words: list[str]) -> None:
    snowcast("sql", "CREATE TABLE IF NOT EXISTS marts.by_hand (n INT)")
    done = snowcast("activity", "query", "all gift_received", "--table", name)
    assert (done.code, done.out) == (2, "")
    assert [word for word in words if word not in done.err] == []


def test_a_mistake_points_at_its_word(snowcast: Snowcast) -> None:
    done = snowcast("activity", "query", "first stream_started\n  append first gift_recieved after")
    assert (done.code, done.out) == (2, "")
    line, caret, told = done.err.splitlines()
    assert line == "  append first gift_recieved after"
    assert caret == "               " + "^" * len("gift_recieved")
    assert told.startswith(
        "snowcast: 'gift_recieved' is no activity; did you mean gift_received? known: at_risk_streamer"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("describe", "gift_receivd"),
            ["'gift_receivd' is no activity", "mean gift_received?", "stream_ended"],
        ),
        (("query",), ["question"]),
        (("query", ""), ["expected which occurrences, the question ends"]),
    ],
)
def test_other_mistakes_are_told(snowcast: Snowcast, arguments: tuple[str, ...], words: list[str]) -> None:
    done = snowcast("activity", *arguments)
    assert (done.code, done.out) == (2, "")
    assert [word for word in words if word.lower() not in done.err.lower()] == []
