"""The promises of SEMANTICS §3, which the tests ask of histories by check and of histories by timestamp."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from snowflake.snowpark import Session
from snowflake.snowpark.functions import col, lit

from tests.feeding import LandingFile, build_all, content, load, rows_of, written
from tests.properties.conftest import emptied
from tests.properties.history_checks import Row, assert_believed, rows_of_keys
from tests.properties.history_oracle import TIMESTAMP
from tests.properties.history_tables import RAW, STAGING, Probe, build_staging
from tests.properties.history_world import SNAPSHOTS, SOURCE, World
from tests.properties.promises import EXAMPLES
from tests.registering import model_of, registered
from transforms.catalog import Model
from transforms.engine.stored import read_table
from transforms.ops import QUARANTINE
from transforms.scd2.build import rewind
from transforms.scd2.versions import select_as_of

SEEDS = range(max(1, EXAMPLES // 3))


@contextmanager
def probing(probes: Sequence[Probe], *sessions: Session) -> Iterator[None]:
    """The probes' tables in the catalog and in the sessions' databases, for as long as the `with` lasts."""
    with registered(_models(probes), *sessions):
        yield


def probing_here(probes: Sequence[Probe]) -> AbstractContextManager[None]:
    """The probes' tables in the catalog of this process; the database has them."""
    return registered(_models(probes))


def _models(probes: Sequence[Probe]) -> list[Model]:
    return [model_of(RAW), model_of(STAGING, build_staging), *[model_of(p.table, p.build()) for p in probes]]


def build(session: Session, probes: Sequence[Probe], *, mode: str = "incremental") -> dict[str, tuple[int, int, int]]:
    """Build staging and the probes; what was written to each of them."""
    results = build_all(session, [STAGING.name, *[probe.table.name for probe in probes]], mode=mode)
    return {name: written(result) for name, result in results.items()}


def arrival(session: Session, probes: Sequence[Probe], arriving: World) -> None:
    """Runs of files: whenever a history is built it is what the oracle makes of the files that have arrived.

    A history that sits a run out finds the files of several runs at its next build, as after a failure upstream.
    """
    emptied(session)
    chance, arrived, last = random.Random(arriving.seed), list[LandingFile](), len(arriving.runs) - 1
    builds = {probe.table.name: {*chance.sample(range(last), chance.choice((1, 1, 2))), last} for probe in probes}
    for number, run in enumerate(arriving.runs):
        load(session, *run)
        arrived += run
        chosen = [probe for probe in probes if number in builds[probe.table.name]]
        build(session, chosen)
        for probe in chosen:
            assert_believed(session, probe, arrived)


def reruns(session: Session, probes: Sequence[Probe], built: World) -> None:
    """Nothing is written by a rerun, by a full refresh, or for deliveries that come again."""
    nothing = {name: (0, 0, 0) for name in [STAGING.name, *[probe.table.name for probe in probes]]}
    assert build(session, probes) == nothing
    assert build(session, probes, mode="full_refresh") == nothing
    files = built.files[:4]  # their copies sort before every other name, so that no other record wins
    load(session, *[replace(file, name=f"{SOURCE}/items/!{number}") for number, file in enumerate(files)])
    assert set(build(session, probes[built.seed % 3 :: 3]).values()) == {(0, 0, 0)}


def as_ofs(session: Session, probes: Sequence[Probe]) -> None:
    """At any time, also at a boundary, `select_as_of` gives the one version of each key that was there."""
    for probe in probes:
        rows = [row for of_key in rows_of_keys(session, probe).values() for row in of_key]
        boundaries = sorted({row["valid_from"] for row in rows})
        for time in (boundaries[0] - timedelta(seconds=1), *boundaries[:: len(boundaries) // 3]):
            expected = [row["version_key"] for row in rows if _holds(row, time) and not row["is_deleted"]]
            found = rows_of(select_as_of(read_table(session, probe.table), time).select("version_key", "item_key"))
            assert [version_key for version_key, _ in found] == sorted(expected), f"{probe.table.name} at {time}"
            assert len({item_key for _, item_key in found}) == len(found)


def _holds(row: Row, time: datetime) -> bool:
    return bool(row["valid_from"] <= time and (row["valid_to"] is None or time < row["valid_to"]))


def rewinds(session: Session, probes: Sequence[Probe], built: World) -> None:
    """A rewound history is that of the observations until then; built again it is the original."""
    files, until = built.files, SNAPSHOTS[(built.seed + 3) % len(SNAPSHOTS)]
    originals = {probe.table.name: content(session, probe.table.name) for probe in probes}
    for probe in probes:
        rewind(session, probe.table.name, until)
        assert_believed(session, probe, files, until)
    build(session, probes)
    for probe in probes:
        assert content(session, probe.table.name) == originals[probe.table.name]


def timeless_are_quarantined(session: Session, probes: Sequence[Probe], built: World) -> None:
    """Each staged observation without its own time is refused by each history that needs one, once, and no other."""
    timeless = read_table(session, STAGING).filter(col("updated_at").is_null()).select("_source_file", "_source_row")
    records = {(file.path, row): record for file in built.files for row, record in enumerate(file.records, 1)}
    for probe in [probe for probe in probes if probe.rule.strategy == TIMESTAMP]:
        of_table = read_table(session, QUARANTINE).filter(col("table_name") == lit(probe.table.name))
        refused = rows_of(of_table.select("source_file", "source_row"))
        assert set(rows_of(timeless)) <= set(refused)
        assert len(refused) == len(set(refused)) >= 50
        assert {row[0] for row in of_table.select("rule").collect()} == {"updated_at_missing"}
        assert all(records[place]["updated_at"] is None for place in refused)
