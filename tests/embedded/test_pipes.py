"""Pipes: what REFRESH takes, what a paused pipe keeps, and the histories that COPY and pipes do not share."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from snowflake.connector.errors import ProgrammingError

from deployments.embedded import open_storage

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from deployments.embedded import Endpoint

COPY = "COPY INTO t (record, file) FROM (SELECT $1, METADATA$FILENAME FROM @ext/in/) FILE_FORMAT = (TYPE = JSON)"


class Piped:
    """A table, a stage that is a folder, and statements on them."""

    def __init__(self, connection: SnowflakeConnection, endpoint: Endpoint, folder: Path) -> None:
        self.connection, self.folder = connection, folder
        open_storage(endpoint, {}, [str(folder)])
        self.run(f"CREATE STAGE ext URL = 'file://{folder}'")
        self.run("CREATE TABLE t (record VARIANT, file VARCHAR)")

    def run(self, sql: str) -> list[Any]:
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall()

    def land(self, name: str, *numbers: int, days_old: float = 0) -> None:
        path = self.folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f'{{"id": {number}}}\n' for number in numbers))
        written = time.time() - days_old * 86400
        os.utime(path, (written, written))

    def refresh(self, more: str = "") -> list[str]:
        return sorted(row[0] for row in self.run(f"ALTER PIPE p REFRESH {more}"))

    @property
    def ids(self) -> list[int]:
        return [row[0] for row in self.run("SELECT record:id::int FROM t ORDER BY 1")]

    @property
    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.run("SELECT SYSTEM$PIPE_STATUS('p')")[0][0]))


@pytest.fixture
def piped(connection: SnowflakeConnection, endpoint: Endpoint, tmp_path: Path) -> Piped:
    return Piped(connection, endpoint, tmp_path / "stage")


@pytest.mark.supports("CREATE, ALTER, SHOW and DROP PIPE; REFRESH takes a file of seven days once")
def test_refresh_takes_each_file_of_the_last_seven_days_once(piped: Piped) -> None:
    piped.land("a.json", 1)
    piped.land("old.json", 2, days_old=7.5)
    piped.run(f"CREATE PIPE p COMMENT = 'ours' AS {COPY}")
    piped.land("day/b.json", 3, days_old=1)

    assert piped.refresh("PREFIX = 'day/'") == ["day/b.json"]
    after = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - 7200))
    assert piped.refresh(f"MODIFIED_AFTER = '{after}'") == ["a.json"]
    piped.land("c.json", 4, days_old=1)
    assert piped.refresh(f"MODIFIED_AFTER = '{after}'") == []
    assert piped.refresh() == ["c.json"]
    assert piped.refresh() == []
    assert piped.ids == [1, 3, 4]
    ((_, name, *_, comment, _, _, _, _, _, kind),) = piped.run("SHOW PIPES LIKE 'P'")
    assert (name, comment, kind) == ("P", "ours", "STAGE")


def test_a_paused_pipe_keeps_files_until_it_is_resumed(piped: Piped) -> None:
    piped.run(f"CREATE PIPE p AS {COPY}")
    piped.run("ALTER PIPE p SET PIPE_EXECUTION_PAUSED = TRUE")
    piped.land("a.json", 1)

    piped.refresh()
    assert (piped.ids, piped.status) == ([], {"executionState": "PAUSED", "pendingFileCount": 1})
    piped.run("ALTER PIPE p SET PIPE_EXECUTION_PAUSED = FALSE")
    assert (piped.ids, piped.status) == ([1], {"executionState": "RUNNING", "pendingFileCount": 0})


@pytest.mark.supports(
    "histories: REFRESH leaves out what COPY has loaded, COPY knows nothing of pipes, a new pipe of none"
)
def test_copy_and_pipes_have_histories_of_their_own(piped: Piped) -> None:
    piped.land("a.json", 1)
    piped.run(COPY)
    piped.run(f"CREATE PIPE p AS {COPY}")
    piped.land("b.json", 2)
    assert piped.refresh() == ["b.json"]
    assert piped.ids == [1, 2]

    piped.run(COPY)
    assert piped.ids == [1, 2, 2]
    piped.land("c.json", 3)
    assert piped.refresh() == ["c.json"]
    piped.run(f"CREATE OR REPLACE PIPE p AS {COPY}")
    assert piped.refresh() == ["c.json"]
    assert piped.ids == [1, 2, 2, 3, 3]


@pytest.mark.supports("COPY_HISTORY tells of COPY and of pipes, with the files that a pipe skipped")
def test_copy_history_tells_what_a_pipe_skipped(piped: Piped) -> None:
    piped.land("good.json", 1)
    (piped.folder / "in/bad.json").write_text("oops")
    piped.run(f"CREATE PIPE p AS {COPY}")
    piped.refresh()

    told = piped.run(
        "SELECT file_name, status, row_count, pipe_name IS NULL FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY("
        "TABLE_NAME => 'T', START_TIME => DATEADD(hour, -1, CURRENT_TIMESTAMP()))) ORDER BY 1"
    )

    assert told == [("in/bad.json", "Load failed", 0, False), ("in/good.json", "Loaded", 1, False)]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER PIPE none REFRESH", "Pipe .* does not exist"),
        ("DROP PIPE none", "Pipe .* does not exist"),
        ("CREATE PIPE p AS COPY INTO t FROM @none", "Stage .* does not exist"),
        ("CREATE PIPE p AS COPY INTO t FROM @ext FORCE = TRUE", "invalid parameter 'FORCE'"),
        ("ALTER PIPE p REFRESH", "does not exist"),
    ],
)
def test_what_a_pipe_cannot_do_is_told(piped: Piped, statement: str, told: str) -> None:
    with pytest.raises(ProgrammingError, match=told):
        piped.run(statement)
    piped.run("DROP PIPE IF EXISTS p")
