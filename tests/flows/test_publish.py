"""`snowcast publish amplitude`: to the sandbox without any configuration, and what it says of mistakes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from flows.cli.output import print_json
from flows.publish_to.amplitude.publish import Published
from flows.settings import load_settings

GIFTS = """
    INSERT INTO ACTIVITY.VIEWER_ACTIVITY (activity_id, ts, customer, person, activity, feature_json, revenue_impact,
        activity_occurrence, _build_id)
    SELECT 'gift_' || column1, DATEADD(second, column1, '2020-06-20 18:47:14'::TIMESTAMP_NTZ), 'livelogs:v' || column1,
        'livelogs:v' || column1, 'gift_sent', PARSE_JSON('{"points": ' || column1 || '}'), NULL, 1, 'build'
    FROM VALUES (1), (2), (3)
"""


@pytest.fixture(scope="module")
def filled(home: Path) -> Path:
    """The module's home, with three gifts in the stream."""
    from flows.warehouse import open_session, prepare

    settings = load_settings(home=home)
    with open_session(settings) as session:
        prepare(session, settings)
        session.sql(GIFTS).collect()
    return home


def test_it_publishes_to_the_sandbox_once_and_the_sandbox_shows_it(snowcast, filled):
    looked = snowcast("publish", "amplitude", "--dry-run")
    assert looked.code == 0, looked.err
    assert "3 to send" in looked.out
    assert '"insert_id": "gift_1"' in looked.out
    assert json.loads(snowcast("sandbox", "amplitude", "--json").out)["events"] == 0
    done = snowcast("publish", "amplitude", "--activity", "gift_sent")
    assert done.code == 0, done.err
    assert "3 sent" in done.out
    assert "check publications" in done.out
    again = json.loads(snowcast("publish", "amplitude", "--json").out)
    assert (again["sent"], again["waiting"]) == ({}, {})
    assert again["destination"].startswith("sandbox/")
    shown = snowcast("sandbox", "amplitude", "--newest", "1")
    assert "3 events of 3 people; 0 repeats were dropped" in shown.out
    assert '"user_id": "v3"' in shown.out
    runs = json.loads(snowcast("status", "--json").out)["runs"]
    assert [run["flow"] for run in runs] == ["publish-amplitude"] * 3
    assert runs[1]["summary"].endswith("3 sent")


def test_what_was_published_is_json_by_activity(capsys):
    print_json(Published("sandbox", sent=Counter({"gift_sent": 3})))
    assert json.loads(capsys.readouterr().out)["sent"] == {"gift_sent": 3}


def test_a_schedule_publishes_nothing_until_a_key_is_set(snowcast, filled):
    from flows.deploy.prefect.declared import deployments
    from flows.publish import publish_amplitude

    snowcast("status")
    (declared,) = [one for one in deployments() if one["name"] == "publish-amplitude"]
    assert publish_amplitude(**declared["parameters"]).published == []


def test_rejected_events_are_told_and_end_in_exit_code_1(snowcast, filled):
    ended = snowcast("publish", "amplitude", SNOWCAST_AMPLITUDE_PROJECT="strict", SNOWCAST_AMPLITUDE_MIN_ID_LENGTH="5")
    assert ended.code == 1
    assert "3 events rejected, first gift_sent gift_1: user_id 'v1' is shorter than 5" in ended.err


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["--activity", "gift_snet"], {}, "no activity 'gift_snet'. Did you mean gift_sent"),
        (["--again", "everything"], {}, "--again 'everything' is not known. Known: rejected, unconfirmed."),
        ([], {"SNOWCAST_AMPLITUDE_HOST": "https://elsewhere.example"}, "SNOWCAST_AMPLITUDE_API_KEY is not"),
        ([], {"SNOWCAST_AMPLITUDE_HOST": "apac"}, "SNOWCAST_AMPLITUDE_HOST: must be us, eu or begin with http"),
        ([], {"SNOWCAST_AMPLITUDE_MODE": "bulk"}, "SNOWCAST_AMPLITUDE_MODE"),
        ([], {"SNOWCAST_PUBLISH_TO": "mixpanel"}, "SNOWCAST_PUBLISH_TO: knows no 'mixpanel'; known: amplitude"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(snowcast, filled, arguments, environment, told):
    ended = snowcast("publish", "amplitude", *arguments, **environment)
    assert ended.code == 2
    assert told in ended.err
    assert ended.err.strip().count("\n") == 0


def test_the_key_shows_in_no_repr_and_no_error(monkeypatch):
    monkeypatch.setenv("SNOWCAST_AMPLITUDE_API_KEY", "hush-hush")
    settings = load_settings()
    assert "hush-hush" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert not settings.publishes_to_sandbox
