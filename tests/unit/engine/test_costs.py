"""What a build costs: statements, counted. On Snowflake each takes 100 to 300 ms, whatever it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.snowpark import Session

from tests.feeding import (
    PARAMETERS,
    LandingFile,
    build_all,
    consumed,
    delivered,
    exported,
    load,
    minutes,
    read_from_sheet,
    sample_of,
    stream,
)
from tests.properties.conftest import emptied
from transforms.build import build_table, has_nothing_new
from transforms.catalog import select_models
from transforms.contract import Layer
from transforms.engine import merge
from transforms.engine.batches import read_states
from transforms.engine.states import States
from transforms.engine.write import BuildResult
from transforms.write_kinds import History

SELECTED = ("tag:twitch", "tag:kafka", "tag:billing", "tag:livelogs", "tag:calendar", "tag:activity", "tag:amplitude")
OF_MERGE, OF_HISTORY = 8, 11
# Statements that only some builds need: refused records are kept, and so are the groups that rows have left.
FOR_REFUSED = FOR_LEFT = 1


@contextmanager
def sent() -> Iterator[list[str]]:
    """Every statement that any connection of this process sends meanwhile, DESCRIBEs included."""
    statements: list[str] = []
    execute = SnowflakeCursor.execute

    def note(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
        kind = "DESCRIBE " if named.get("_describe_only") else ""
        together = command.split(";\n") if named.get("num_statements") else [command]
        statements.extend(f"{kind}{' '.join(one.split())}" for one in together)
        return execute(self, command, *arguments, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SnowflakeCursor, "execute", note)
        yield statements


def listed(statements: list[str]) -> str:
    return "\n".join(f"{number:3} {statement[:150]}" for number, statement in enumerate(statements, start=1))


def user(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"u{number}", "login": f"login_{number}", "display_name": f"Name {number}", **fields}


def events(day: int) -> list[dict[str, Any]]:
    """An event of a day before again, events of new and of known users, and one that is refused."""
    known = {"amplitude_id": 1, "user_id": "ann", "device_id": "d1", "session_id": 1, "event_type": "viewed"}
    told = {**known, "event_properties": {"page": "home"}, "user_properties": {"plan": f"p{day}"}}
    times = {name: f"{minutes(24 * 60 * day):%Y-%m-%d %H:%M:%S.%f}" for name in ("event_time", "server_upload_time")}
    return [
        {**told, **times, "$insert_id": "again"},
        {**told, **times, "$insert_id": f"new {day}", "session_id": 2 + day},
        {**told, **times, "$insert_id": f"other {day}", "amplitude_id": 90 + day, "device_id": f"d{day}"},
        {**told, **times, "event_type": f"type {day}", "$insert_id": f"type {day}", "os_name": f"os {day}"},
        {**told, **times, "$insert_id": f"bad {day}", "amplitude_id": "x"},
    ]


def files(day: int) -> list[LandingFile]:
    """What one day brings: new rows, changed ones and one that is refused, of every source."""
    at = minutes(24 * 60 * day)
    amount = f"{10 + day}.00"
    plan = {"user_id": "U1", "start_date": "2023-01-01", "end_date": "", "monthly_price": amount}
    return [
        LandingFile("streams", at, (stream("1", 5 + day), stream("2", 6, title=f"title {day}"), stream("3", "bad"))),
        consumed(at, sample_of("1", minutes(24 * 60 * day + 1), 7), sample_of("4", at, 8), sample_of("5", at, "bad")),
        LandingFile("users", at, (user(1, description=f"day {day}"), user(2))),
        LandingFile("games", at, ({"id": "g1", "name": f"Chess {day}", "box_art_url": "", "igdb_id": ""},)),
        delivered("users", at, {"user_id": "U1", "country": "de", "signup_date": "2023-01-01", "plan_type": f"p{day}"}),
        delivered(
            "payments", at, {"payment_id": f"P{day}", "user_id": "U1", "payment_date": "2023-09-01", "amount": amount}
        ),
        delivered("subscriptions", at, {"subscription_id": "S1", **plan}),
        delivered("viewing_activity", at, {"user_id": "U1", "watch_date": "2023-09-01", "hours_watched": f"{day + 1}"}),
        exported("events", at, *events(day)),
        exported("event_types", at, {"id": 1, "value": "viewed", "display": f"Viewed {day}"}),
        exported("merged_ids", at, {"amplitude_id": 90 + day, "merged_amplitude_id": 1}),
        read_from_sheet("gift_types", at, {"giftID": "1", "name": f"Rose {day}", "point": "10"}),
    ]


def built_one_by_one(session: Session, states: States) -> dict[str, tuple[BuildResult, list[str]]]:
    found: dict[str, tuple[BuildResult, list[str]]] = {}
    for model in select_models(SELECTED):
        if model.build is not None:
            with sent() as statements:
                result = build_table(session, model.table.name, run_id="r", parameters=PARAMETERS, states=states)
            found[model.table.name] = (result, statements)
    return found


@dataclass(frozen=True)
class Run:
    """A run on a warehouse that has been built before: each build with its statements, and the states it ended with."""

    session: Session
    builds: dict[str, tuple[BuildResult, list[str]]]
    states: States


@pytest.fixture(scope="module")
def second_run(_unit_session: Session) -> Run:
    session = emptied(_unit_session)
    load(session, *files(0))
    build_all(session, SELECTED)
    load(session, *files(1))
    states = read_states(session, select_models(SELECTED))
    return Run(session, built_one_by_one(session, states), states)


@pytest.mark.lengthy
def test_a_build_keeps_to_its_budget_of_statements(second_run: Run):
    tables = {model.table.name: model.table for model in select_models(SELECTED)}
    written = [name for name, (result, _) in second_run.builds.items() if result.rows_inserted + result.rows_updated]
    assert len(written) >= 25, "the day must bring something to most tables, or nothing is measured"
    for name, (result, statements) in second_run.builds.items():
        budget = OF_HISTORY if isinstance(tables[name].write, History) else OF_MERGE
        if tables[name].layer is Layer.STAGING:
            budget += FOR_REFUSED if result.rows_quarantined else 0
            budget += FOR_LEFT if any("OPS.DISPLACED" in one for one in statements) else 0
        assert len(statements) <= budget, (
            f"{name}: {len(statements)} statements, {budget} allowed. Each is a round trip on a warehouse that is paid "
            f"while it runs.\n{listed(statements)}"
        )
        assert not [one for one in statements if one.startswith("DESCRIBE")], listed(statements)


def test_nothing_new_costs_no_statement(second_run: Run):
    with sent() as statements:
        skipped = [name for name in second_run.builds if has_nothing_new(name, second_run.states, PARAMETERS)]
        again = built_one_by_one(second_run.session, second_run.states)
    assert skipped == list(second_run.builds)
    assert all(result.skipped for result, _ in again.values())
    assert not statements, listed(statements)


def test_the_state_of_all_tables_is_one_statement(second_run: Run):
    with sent() as statements:
        read_states(second_run.session, select_models())
    assert len(statements) == 1, listed(statements)


def test_states_in_memory_are_what_the_ledgers_say(second_run: Run):
    read_again = read_states(second_run.session, select_models(SELECTED))
    for name in second_run.builds:
        assert second_run.states.of(name) == read_again.of(name), name


def test_a_comparison_of_many_rows_is_dropped_behind_the_commit(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    name = "stg_twitch_users"
    for most_kept, minute, is_dropped in ((2, 0, False), (1, 15, True)):
        monkeypatch.setattr(merge, "KEPT_ROWS", most_kept)
        load(warehouse, LandingFile("users", minutes(minute), (user(1, description=f"{minute}"), user(2))))
        with sent() as statements:
            built = build_table(warehouse, name, run_id="r", parameters=PARAMETERS)
        assert built.rows_inserted == 2
        dropped = [place for place, one in enumerate(statements) if one.upper().startswith("DROP TABLE")]
        assert bool(dropped) == is_dropped, listed(statements)
        assert all(place > statements.index("COMMIT") for place in dropped), listed(statements)
    load(warehouse, LandingFile("users", minutes(30), (user(1, description="after"),)))
    assert build_table(warehouse, name, run_id="r", parameters=PARAMETERS).rows_inserted == 1
