"""Landing files through storage outside the warehouse: tables as through the internal stage, each record once."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deployments.embedded import open_storage
from deployments.storage import Place, Storage
from flows.errors import ConfigError, TransientError
from flows.landing import LandedFile, LandingWriter
from flows.load import loader, stage
from flows.load.loader import load_pending
from flows.load.pipes import landing_of
from flows.load.report import LoadReport
from flows.settings import LandingTarget, load_settings
from flows.warehouse.scripts import stage_statements
from tests.places import KINDS, cloud_variables, empty_place
from tests.sources.dying_loads import POINTS
from tests.sources.loading import AT, CRASHES, Crash, Warehouse

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from deployments.embedded import Endpoint

ROOT = Path(__file__).parents[2]


class Outside(Warehouse):
    """A warehouse whose landing files go to a place outside."""

    def __init__(self, session: Session, database: str, root: Path, place: Place, endpoint: Endpoint) -> None:
        super().__init__(session, database, root)
        self.settings = load_settings(database=database, landing=place.url)
        self.storage = Storage(place)
        open_storage(endpoint, cloud_variables(), [f"/{place.prefix}"] if place.kind == "file" else [])
        for statement in stage_statements(self.settings):
            session.sql(statement).collect()

    def load(self) -> LoadReport:
        return load_pending(self.session, self.database, self.root, self.tables, landing=landing_of(self.settings))


@pytest.fixture(params=KINDS)
def outside(
    request: pytest.FixtureRequest, session: Session, database: str, tmp_path: Path, endpoint: Endpoint
) -> Outside:
    return Outside(session, database, tmp_path / "landing", empty_place(request.param, request), endpoint)


def land_a_mixture(warehouse: Warehouse) -> list[LandedFile]:
    """Files of three entities and two snapshots, one of them with a broken line."""
    landed = [
        warehouse.land("streams", [{"id": "1", "title": "\U0001f3ae"}, {"id": "2"}]),
        warehouse.land("streams", [{"id": "1"}], AT + timedelta(days=1)),
        warehouse.land("users", [{"id": "7"}]),
    ]
    with LandingWriter(warehouse.root, "twitch", "games", AT) as writer:
        writer.write({"id": "g"})
        writer.write_line(b"oops")
        broken = writer.finish()
    assert broken is not None
    return [*landed, broken]


def tables_of(warehouse: Warehouse) -> dict[str, list[Any]]:
    """Every row of RAW, the ledger and the quarantine, but for when it was loaded."""
    names = [f"raw.{table.name}" for table in warehouse.tables] + ["ops.loads", "ops.quarantine"]
    told = {"_loaded_at", "loaded_at", "quarantined_at"}
    return {
        name: sorted(str({key: value for key, value in row.items() if key not in told}) for row in warehouse.rows(name))
        for name in names
    }


def test_every_place_gives_the_tables_of_the_internal_stage(outside: Outside, tmp_path: Path) -> None:
    landed = land_a_mixture(outside)
    report = outside.load()
    through_the_place = tables_of(outside)
    for name in through_the_place:
        outside.session.sql(f"TRUNCATE TABLE {outside.database}.{name}").collect()
    Warehouse.load(outside)

    assert (report.rows_loaded, report.rows_rejected) == (5, 1)
    assert {one.path for one in outside.storage.list_objects()} == {one.relative_path for one in landed}
    assert through_the_place == tables_of(outside)


def test_a_file_that_is_there_is_not_sent_again(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *_ = land_a_mixture(outside)
    outside.storage.send(outside.root / first.relative_path, first.relative_path)
    (outside.root / "cut").write_bytes(b"cut off")
    outside.storage.send(outside.root / "cut", second.relative_path)
    sent: list[str] = []
    real = Storage.send

    def send(self: Storage, source: Path, path: str) -> None:
        sent.append(path)
        real(self, source, path)

    monkeypatch.setattr(Storage, "send", send)
    outside.load()
    once = sorted(sent)
    outside.load()

    assert first.relative_path not in once
    assert second.relative_path in once
    assert sorted(sent) == once


@pytest.mark.parametrize(("step", "when"), CRASHES)
def test_a_crash_between_upload_copy_and_ledger_loads_each_record_once(
    step: str, when: str, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    for entity in ("streams", "users"):
        outside.land(entity, [{"id": "1"}, {"id": "2"}])
    real = getattr(loader, step)

    def crashing(*arguments: Any, **options: Any) -> Any:
        if when == "after":
            real(*arguments, **options)
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(loader, step, crashing)
        with pytest.raises(Crash):
            outside.load()
    assert outside.rows("ops.loads") == outside.records() == []

    assert outside.load().rows_loaded == 4
    assert outside.records() == outside.records("raw.raw_twitch_users") == [{"id": "1"}, {"id": "2"}]
    assert len(outside.rows("ops.loads")) == 2


def test_processes_that_are_killed_between_upload_copy_and_ledger_load_each_record_once(
    outside: Outside, warehouse_home: Path
) -> None:
    arguments = [outside.database, str(outside.settings.landing), str(outside.root), str(warehouse_home)]
    command = [sys.executable, "-m", "tests.sources.dying_loads", *arguments]

    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)

    assert died.stdout.splitlines() == [point[0] for point in POINTS], died.stderr
    outside.load()
    expected = [f"{point}-{file}-{record}" for point in range(len(POINTS)) for file in range(2) for record in range(3)]
    assert sorted(record["id"] for record in outside.records()) == expected
    assert len(outside.rows("ops.loads")) == 2 * len(POINTS)


def test_sources_may_have_places_of_their_own(session: Session, database: str, tmp_path: Path) -> None:
    settings = load_settings(
        database=database, landing="s3://bucket/all", landing_by_source="billing=internal,twitch=s3://bucket/twitch"
    )

    places = {source: settings.landing_of(source).place for source in ("billing", "twitch", "kafka")}

    assert {source: place and place.url for source, place in places.items()} == {
        "billing": None,
        "twitch": "s3://bucket/twitch/",
        "kafka": "s3://bucket/all/",
    }
    assert len(settings.external_landings) == len(stage_statements(settings)) == 2


@pytest.mark.parametrize(
    ("kind", "error", "told"),
    [("denied", ConfigError, "cannot be written"), ("unreachable", TransientError, "cannot be reached")],
)
def test_a_place_that_cannot_be_written_is_told(
    kind: str, error: type[Exception], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise stage.StorageError(kind, "403")

    monkeypatch.setattr(Storage, "find", refuse)
    landed = LandedFile("twitch/streams/2026/11/01/x", "twitch", "streams", AT, "0" * 16)
    target = LandingTarget(Place.parse("s3://bucket/in"))
    with pytest.raises(error, match=f"s3://bucket/in/ {told}"):
        stage.put_files(None, "ANALYTICS", tmp_path, [landed], lambda _: target)  # type: ignore[arg-type]
