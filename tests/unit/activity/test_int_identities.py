"""Whom ids are linked to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, load, minutes, rows_of, written
from tests.properties.activity_world import hashed
from tests.unit.activity.facts import frame
from transforms.activity.int_identities import TABLE, build
from transforms.engine.stored import read_table

EARLY, LATE = datetime(2023, 9, 1), datetime(2023, 9, 2)


def link(anonymous_id: str, customer_id: str | None, when: datetime = EARLY, **changes: Any) -> dict[str, Any]:
    row = {"platform": "livelogs", "anonymous_id": anonymous_id, "customer_platform": "billing"}
    return row | {"customer_id": customer_id, "linked_at": when, "snapshot_at": when} | changes


def linked(session: Session, *rows: dict[str, Any], spaces: Any = ()) -> list[tuple[Any, ...]]:
    built = build(frame(session, "stg_identity_links", *rows), shared_id_spaces=spaces)
    return rows_of(built, "known_as", "platform", "customer", "linked_at")


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


def test_links_are_followed_to_their_end_and_two_ids_may_be_one_customer(frames: Session):
    chain = [link(f"d{n}", f"d{n + 1}", customer_platform=None) for n in range(8)]
    rows = [*chain, link("d8", "U1"), link("other", "U1")]
    found = dict(row[0:3:2] for row in linked(frames, *rows))
    assert found == dict.fromkeys([f"livelogs:d{n}" for n in range(1, 9)] + ["livelogs:other"], "billing:U1") | {
        "livelogs:d0": "livelogs:d8"  # nine links are one more than are followed
    }


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
    built = build(frame(frames, "stg_identity_links", link("a", "U1")), shared_id_spaces=())
    key = hashed("livelogs", "a")
    assert rows_of(built) == [(key, key, "livelogs", "a", "livelogs:a", "billing:U1", EARLY)]
    none = build(frame(frames, "stg_identity_links"), shared_id_spaces=())
    assert rows_of(none) == []
    assert [name.lower() for name in none.columns] == list(TABLE.column_names)


def test_a_file_of_links_is_read_and_a_later_file_corrects_it(warehouse: Session):
    names = ["+int_identities"]
    line = {"platform": "livelogs", "anonymous_id": "a", "customer_platform": "", "customer_id": "b", "linked_at": ""}
    bad = {**line, "anonymous_id": ""}
    load(warehouse, LandingFile("links", minutes(0), (line, bad), source="identity"))
    built = build_all(warehouse, names)
    assert (built["stg_identity_links"].rows_quarantined, written(built["int_identities"])) == (1, (1, 0, 0))
    load(warehouse, LandingFile("links", minutes(5), ({**line, "customer_id": "c"},), source="identity"))
    assert written(build_all(warehouse, names)["int_identities"]) == (0, 1, 0)
    assert rows_of(read_table(warehouse, TABLE), "known_as", "customer", "linked_at") == [
        ("livelogs:a", "livelogs:c", minutes(5))
    ]
