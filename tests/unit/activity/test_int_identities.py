"""Whom ids are linked to."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session

from tests.feeding import LandingFile, build_all, load, minutes, rows_of, written
from tests.properties.activity_world import hashed
from tests.unit.activity.facts import frame
from transforms.activity.int_identities import CLOSURE, TABLE, build
from transforms.engine.closure import follow
from transforms.engine.known_schemas import use_known_schemas
from transforms.engine.stored import read_table

EARLY, LATE = datetime(2023, 9, 1), datetime(2023, 9, 2)


def link(anonymous_id: str, customer_id: str | None, when: datetime = EARLY, **changes: Any) -> dict[str, Any]:
    row = {"platform": "livelogs", "anonymous_id": anonymous_id, "customer_platform": "billing"}
    return row | {"customer_id": customer_id, "linked_at": when, "snapshot_at": when} | changes


def linked(session: Session, *rows: dict[str, Any], spaces: Any = ()) -> list[tuple[Any, ...]]:
    return rows_of(built(session, *rows, spaces=spaces), "known_as", "platform", "customer", "linked_at")


def built(session: Session, *rows: dict[str, Any], spaces: Any = ()) -> DataFrame:
    parameters = {"shared_id_spaces": spaces}
    with use_known_schemas(session):
        begun = build(frame(session, "stg_identity_links", *rows), frame(session, "int_amplitude_links"), **parameters)
        following = follow(session, begun, CLOSURE, parameters)
        while not following.is_at_end(*following.counts().collect()[0]):
            following = following.further()
        return following.rows()


def customers(session: Session, *rows: dict[str, Any]) -> dict[str, str]:
    return {known_as: customer for known_as, _, customer, _ in linked(session, *rows)}


def test_the_newest_link_of_an_id_wins_and_an_empty_one_takes_it_back(frames: Session):
    rows = [
        link("corrected", "U1"),
        link("corrected", "U2", LATE),
        link("first told late", "U3", LATE),
        link("first told late", "U4", EARLY, snapshot_at=datetime(2023, 10, 1)),
        link("told twice", "U5", EARLY, snapshot_at=LATE),
        link("told twice", "U6", EARLY),
        link("taken back", "U7"),
        link("taken back", None, LATE),
    ]
    assert linked(frames, *rows) == [
        ("livelogs:corrected", "livelogs", "billing:U2", LATE),
        ("livelogs:first told late", "livelogs", "billing:U3", LATE),
        ("livelogs:told twice", "livelogs", "billing:U5", EARLY),
    ]


def test_two_ids_may_be_one_customer_and_a_taken_back_link_ends_a_chain(frames: Session):
    rows = [link("a", "b", customer_platform=None), link("b", "U1"), link("c", "U1")]
    assert customers(frames, *rows) == dict.fromkeys(["livelogs:a", "livelogs:b", "livelogs:c"], "billing:U1")
    assert customers(frames, *rows, link("b", None, LATE)) == {"livelogs:a": "livelogs:b", "livelogs:c": "billing:U1"}


@pytest.mark.parametrize("length", [1, 2, 8, 9, 300])
def test_chains_of_any_length_end_at_one_person(length: int, frames: Session):
    chain = [link(f"d{n}", f"d{n + 1}", customer_platform=None) for n in range(length)]
    Random(length).shuffle(chain)
    found = customers(frames, *chain, link(f"d{length}", "U1"))
    assert found == dict.fromkeys([f"livelogs:d{n}" for n in range(length + 1)], "billing:U1")


@pytest.mark.parametrize("length", [1, 2, 3, 12])
def test_a_circle_ends_at_its_least_name_whatever_the_order(length: int, frames: Session):
    """With a way of five links that leads into it, whose own names are less, and a chain that ends beside it."""
    circle = [link(f"c{n:02}", f"c{(n + 1) % length:02}", customer_platform=None) for n in range(length)]
    way = [link(f"b{n}", f"b{n + 1}" if n < 4 else f"c{length - 1:02}", customer_platform=None) for n in range(5)]
    rows = [*circle, *way, link("x", "y", customer_platform=None), link("y", "U1")]
    expected = {f"livelogs:{row['anonymous_id']}": "livelogs:c00" for row in (*circle, *way)}
    expected |= {"livelogs:x": "billing:U1", "livelogs:y": "billing:U1"}
    for seed in range(3):
        Random(seed).shuffle(rows)
        assert customers(frames, *rows) == expected


def test_a_link_holds_on_every_platform_of_the_id_space(frames: Session):
    spaces = (("billing", "amplitude", "crm"),)
    rows = [link("U9", "U1", platform="amplitude", customer_platform="crm"), link("a", "U9")]
    assert linked(frames, *rows, spaces=spaces) == [
        ("billing:U9", "amplitude", "billing:U1", EARLY),
        ("billing:U9", "billing", "billing:U1", EARLY),
        ("billing:U9", "crm", "billing:U1", EARLY),
        ("livelogs:a", "livelogs", "billing:U1", EARLY),
    ]


def test_the_key_is_that_of_facts_and_no_links_give_an_empty_frame_of_the_contract(frames: Session):
    key = hashed("livelogs", "a")
    assert rows_of(built(frames, link("a", "U1"))) == [(key, key, "livelogs", "a", "livelogs:a", "billing:U1", EARLY)]
    none = built(frames)
    assert rows_of(none) == []
    assert [name.lower() for name in none.columns] == list(TABLE.column_names)


def test_a_build_follows_chains_that_are_longer_than_one_statement_joins(warehouse: Session):
    """The comparison tells that some lead on; it is made again until none does, and a circle is no reason to go on."""
    names = ["+int_identities"]
    line = {"platform": "livelogs", "customer_platform": "", "linked_at": ""}
    chain = [{**line, "anonymous_id": f"d{n}", "customer_id": f"d{n + 1}"} for n in range(70)]
    circle = [{**line, "anonymous_id": f"c{n}", "customer_id": f"c{(n + 1) % 20}"} for n in range(20)]
    load(warehouse, LandingFile("links", minutes(0), (*chain, *circle), source="identity"))
    assert written(build_all(warehouse, names)["int_identities"]) == (90, 0, 0)
    found = dict(rows_of(read_table(warehouse, TABLE), "known_as", "customer"))
    assert found == {f"livelogs:d{n}": "livelogs:d70" for n in range(70)} | {
        f"livelogs:c{n}": "livelogs:c0" for n in range(20)
    }
    load(warehouse, LandingFile("links", minutes(5), ({**chain[69], "customer_id": "d99"},), source="identity"))
    assert written(build_all(warehouse, names)["int_identities"]) == (0, 70, 0)


def test_a_file_of_links_is_read_and_a_later_file_corrects_it(warehouse: Session):
    names = ["+int_identities"]
    line = {"platform": "livelogs", "anonymous_id": "a", "customer_platform": "", "customer_id": "b", "linked_at": ""}
    bad = {**line, "anonymous_id": ""}
    load(warehouse, LandingFile("links", minutes(0), (line, bad), source="identity"))
    done = build_all(warehouse, names)
    assert (done["stg_identity_links"].rows_quarantined, written(done["int_identities"])) == (1, (1, 0, 0))
    load(warehouse, LandingFile("links", minutes(5), ({**line, "customer_id": "c"},), source="identity"))
    assert written(build_all(warehouse, names)["int_identities"]) == (0, 1, 0)
    assert rows_of(read_table(warehouse, TABLE), "known_as", "customer", "linked_at") == [
        ("livelogs:a", "livelogs:c", minutes(5))
    ]
