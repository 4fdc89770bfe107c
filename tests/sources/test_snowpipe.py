"""Loading by pipes: each record once, whatever was loaded before and whenever a load dies."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deployments.embedded import open_storage
from deployments.storage import Place, Storage
from flows.errors import ConfigError
from flows.landing import LandedFile, LandingWriter
from flows.load import loader, pipes
from flows.load.loader import load_pending
from flows.load.pipes import Pipe, landing_of
from flows.load.report import LoadReport
from flows.settings import Settings, load_settings
from flows.warehouse.scripts import stage_statements
from tests.sources.loading import AT, Crash, Warehouse

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from deployments.embedded import Endpoint

PIPE = "RAW.RAW_TWITCH_STREAMS_PIPE"


class Piped(Warehouse):
    """A warehouse whose landing files go to a folder that pipes read."""

    def __init__(self, session: Session, database: str, root: Path, endpoint: Endpoint) -> None:
        super().__init__(session, database, root)
        self.place = Place.parse(f"file://{root.parent}/place")
        self.storage = Storage(self.place)
        open_storage(endpoint, {}, [f"/{self.place.prefix}"])
        for statement in stage_statements(self.settings()):
            session.sql(statement).collect()

    def settings(self, **changes: Any) -> Settings:
        values = {"load_mode": "snowpipe", "snowpipe_wait_seconds": 0.3, **changes}
        return load_settings(database=self.database, landing=self.place.url.rstrip("/"), **values)

    def load(self, **changes: Any) -> LoadReport:
        settings = self.settings(**changes)
        return load_pending(
            self.session,
            self.database,
            self.root,
            self.tables,
            landing=landing_of(settings),
        )

    def upload(self, landed: LandedFile, *, days_ago: float = 0) -> None:
        self.storage.send(self.root / landed.relative_path, landed.relative_path)
        written = time.time() - days_ago * 86400
        os.utime(f"/{self.place.prefix}/{landed.relative_path}", (written, written))

    def run(self, sql: str) -> list[Any]:
        return self.session.sql(sql.replace("RAW.", f"{self.database}.RAW.")).collect()

    @property
    def ids(self) -> list[str]:
        return sorted(record["id"] for record in self.records())

    @property
    def loaded_files(self) -> list[str]:
        return sorted(row["source_file"] for row in self.rows("ops.loads"))

    @property
    def by_pipe(self) -> int:
        """Files that pipes have loaded."""
        return int(
            self.run(
                "SELECT COUNT(pipe_name) FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => "
                "'RAW.RAW_TWITCH_STREAMS', START_TIME => DATEADD(day, -1, CURRENT_TIMESTAMP()))) "
                "WHERE status = 'Loaded'".replace("INFORMATION_SCHEMA", f"{self.database}.INFORMATION_SCHEMA")
            )[0][0]
        )


@pytest.fixture
def piped(session: Session, database: str, tmp_path: Path, endpoint: Endpoint) -> Piped:
    return Piped(session, database, tmp_path / "landing", endpoint)


def test_older_files_come_by_copy_and_what_is_new_by_the_pipe(piped: Piped) -> None:
    older = piped.land("streams", [{"id": "1"}])
    piped.upload(older, days_ago=9)
    new = piped.land("streams", [{"id": "2"}, {"id": "3"}])

    report = piped.load()

    assert report.rows_loaded == 3
    assert (piped.ids, piped.by_pipe) == (["1", "2", "3"], 1)
    assert piped.loaded_files == sorted([older.relative_path, new.relative_path])
    later = piped.land("streams", [{"id": "4"}])
    assert [load.source_file for load in piped.load().loads] == [later.relative_path]
    assert (piped.ids, piped.by_pipe) == (["1", "2", "3", "4"], 2)
    assert piped.load() == LoadReport((), 0)


def test_rows_of_a_pipe_are_those_of_copy(piped: Piped) -> None:
    with LandingWriter(piped.root, "twitch", "streams", AT) as writer:
        writer.write({"id": "1"})
        writer.write_line(b"oops")
        writer.finish()

    (load,) = piped.load().loads

    assert (load.rows_parsed, load.rows_loaded, load.rows_rejected) == (2, 1, 1)
    (row,) = piped.rows("raw.raw_twitch_streams")
    assert (row["_source_file"], row["_source_row"], row["_load_id"]) == (load.source_file, 1, load.load_id)
    assert row["_snapshot_at"] == AT.replace(tzinfo=None)
    assert abs((row["_loaded_at"] - load.loaded_at).total_seconds()) < 60
    assert [row["source_row"] for row in piped.rows("ops.quarantine")] == [2]


def test_what_the_pipe_has_not_taken_is_told_and_watched_on(piped: Piped) -> None:
    piped.land("streams", [{"id": "1"}])
    piped.load()
    landed = piped.land("streams", [{"id": "2"}])

    # The cloud was to tell the pipe, and has not: nobody refreshes it.
    piped.run(f"ALTER PIPE {PIPE} SET PIPE_EXECUTION_PAUSED = TRUE")
    report = piped.load()

    assert report.waiting == (landed.relative_path,)
    assert (report.loads, piped.ids) == ((), ["1"])
    piped.run(f"ALTER PIPE {PIPE} SET PIPE_EXECUTION_PAUSED = FALSE")
    assert [load.source_file for load in piped.load().loads] == [landed.relative_path]
    assert piped.ids == ["1", "2"]


def test_a_file_that_the_pipe_skipped_is_told(piped: Piped, monkeypatch: pytest.MonkeyPatch) -> None:
    piped.land("streams", [{"id": "1"}])
    piped.load()
    landed = piped.land("streams", [{"id": "2"}])
    real = Storage.send

    def damage(self: Storage, source: Path, path: str) -> None:
        (piped.root / "damaged").write_bytes(source.read_bytes()[:-9] + b"\0" * 9)
        real(self, piped.root / "damaged", path)

    with monkeypatch.context() as patched:
        patched.setattr(Storage, "send", damage)
        report = piped.load()

    ((path, reason),) = report.damaged
    assert path == landed.relative_path
    assert "was skipped by its pipe: Invalid data" in reason
    assert piped.ids == ["1"]


def test_a_file_that_is_too_old_for_the_pipe_comes_by_copy_in_a_pause(piped: Piped) -> None:
    piped.land("streams", [{"id": "1"}])
    piped.load()
    forgotten = piped.land("streams", [{"id": "2"}])
    piped.upload(forgotten, days_ago=8)
    piped.land("streams", [{"id": "3"}])

    assert piped.load().rows_loaded == 2
    assert (piped.ids, piped.by_pipe) == (["1", "2", "3"], 2)
    assert '"RUNNING"' in piped.run(f"SELECT SYSTEM$PIPE_STATUS('{PIPE}')")[0][0]


def test_a_pipe_that_is_made_anew_loads_nothing_again(piped: Piped) -> None:
    piped.land("streams", [{"id": "1"}])
    piped.load()
    uploaded = piped.land("streams", [{"id": "2"}])
    piped.upload(uploaded)
    piped.land("streams", [{"id": "3"}])

    piped.load(snowpipe_auto_ingest=True)  # another definition; nobody tells it of the third file
    assert piped.ids == ["1", "2"]
    piped.load()

    assert piped.ids == ["1", "2", "3"]
    piped.run(f"ALTER PIPE {PIPE} REFRESH MODIFIED_AFTER = '2999-01-01'")
    assert piped.load() == LoadReport((), 0)


def test_copy_takes_over_from_a_pipe_and_back(piped: Piped) -> None:
    piped.land("streams", [{"id": "1"}])
    piped.load()
    loaded = piped.land("streams", [{"id": "2"}])
    piped.upload(loaded)
    piped.run(f"ALTER PIPE {PIPE} REFRESH")  # the pipe has it, the ledger does not
    piped.land("streams", [{"id": "3"}])

    assert piped.load(load_mode="copy").rows_loaded == 2
    assert piped.run("SHOW PIPES IN SCHEMA RAW.".rstrip(".").replace("RAW", f"{piped.database}.RAW")) == []
    piped.land("streams", [{"id": "4"}])
    assert piped.load().rows_loaded == 1
    assert piped.ids == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "step", ["put_files", "_make", "turn_on", "make_way", "_refresh", "_watch", "append_rows", "_set"]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_load_that_dies_anywhere_is_taken_up(
    step: str, when: str, piped: Piped, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped.land("streams", [{"id": "1"}])
    piped.load()
    piped.upload(piped.land("streams", [{"id": "2"}]), days_ago=8)
    piped.land("streams", [{"id": "3"}])
    place = loader if hasattr(loader, step) else Pipe
    real = getattr(place, step)
    died = []

    def crashing(*arguments: Any, **options: Any) -> Any:
        if when == "after":
            real(*arguments, **options)
        died.append(step)
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(place, step, crashing)
        with pytest.raises(Crash):
            # For what makes pipes: one of another kind than there is.
            piped.load(snowpipe_auto_ingest=step == "_make")
    assert died == [step]

    piped.load()
    piped.load()

    assert piped.ids == ["1", "2", "3"]
    assert len(piped.rows("ops.loads")) == 3
    assert '"RUNNING"' in piped.run(f"SELECT SYSTEM$PIPE_STATUS('{PIPE}')")[0][0]


def test_a_pipe_of_somebody_else_is_left_alone(piped: Piped) -> None:
    piped.land("streams", [{"id": "1"}])
    piped.load()
    piped.run(f"ALTER PIPE {PIPE} SET COMMENT = 'mine'")
    piped.land("streams", [{"id": "2"}])

    with pytest.raises(ConfigError, match=f"{PIPE} was not made by Snowcast"):
        piped.load()
    assert piped.ids == ["1"]


def test_a_queue_that_does_not_end_is_told(piped: Piped, monkeypatch: pytest.MonkeyPatch) -> None:
    piped.land("streams", [{"id": "1"}])
    piped.load()
    piped.upload(piped.land("streams", [{"id": "2"}]), days_ago=8)
    monkeypatch.setattr(pipes.Pipe, "_count_waiting", lambda _: 3)

    with pytest.raises(ConfigError, match="had 3 files in its queue"):
        piped.load()
    assert '"RUNNING"' in piped.run(f"SELECT SYSTEM$PIPE_STATUS('{PIPE}')")[0][0]


def test_pipes_need_a_place_outside() -> None:
    with pytest.raises(ConfigError, match="SNOWCAST_LOAD_MODE: pipes read places outside"):
        load_settings(load_mode="snowpipe")
    with pytest.raises(ConfigError, match="SNOWCAST_SNOWPIPE_AUTO_INGEST: on Azure"):
        load_settings(
            load_mode="snowpipe", snowpipe_auto_ingest=True, landing="azure://acme.blob.core.windows.net/landing/raw"
        )
