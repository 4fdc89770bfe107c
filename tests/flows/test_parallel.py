"""Tables of a stage at the same time: the same outcome as one after the other, and nothing left when it is stopped."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from prefect import task

from flows.errors import TransientError
from flows.settings import load_settings
from flows.steps.parallel import Step, map_at_once, run_steps
from flows.steps.task import STEP
from flows.warehouse import list_sent_statements, open_session
from tests.feeding import content, stream
from transforms.catalog import select_models

SNAPSHOT = 1_695_574_829_212
STEPS = re.compile(r"^. (?:build|validate|check|load).*", re.MULTILINE)
_NUMBERS = "(SELECT SEQ8() AS i FROM TABLE(GENERATOR(ROWCOUNT => {count})))"
_SOURCES = ", ".join(
    f"{_NUMBERS.format(count=count)} {name}" for name, count in (("a", 10**5), ("b", 10**5), ("c", 10**3))
)
LONG = f"SELECT COUNT(*) FROM {_SOURCES} WHERE a.i + b.i * c.i = -1"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two polls of streams."""
    folder = tmp_path_factory.mktemp("pages")
    for turn in range(2):
        records = [stream(str(n), 10 * n + turn, game_id=f"g{n % 2}") for n in range(1, 5)]
        (folder / f"streams_{SNAPSHOT + turn * 900_000}.json").write_text(json.dumps({"data": records}))
    return folder


def cycle(snowcast, pages: Path, database: str, workers: int) -> tuple[list[str], dict[str, object]]:
    """Lines and tables of a cycle in a database of its own."""
    with_workers = {"SNOWCAST_DATABASE": database, "SNOWCAST_WORKERS": str(workers)}
    told = snowcast("ingest", "twitch", "--from-files", str(pages), **with_workers).out
    told += snowcast("build", "--select", "tag:twitch", **with_workers).out
    settings = load_settings()
    with open_session(settings) as session:
        tables = {m.table.name: content(session, m.table.name) for m in select_models(["tag:twitch"]) if m.build}
        counts = "SELECT table_name, rows_inserted, rows_updated FROM OPS.BUILDS ORDER BY 1, 2"
        tables["builds"] = [tuple(row) for row in session.sql(counts).collect()]
        rules = "SELECT layer, table_name, rule, success, observed FROM OPS.VALIDATION_RESULTS ORDER BY 1, 2, 3"
        tables["rules"] = [tuple(row) for row in session.sql(rules).collect()]
    return [re.sub(r"\d+\.\d s", "", line) for line in STEPS.findall(told)], tables


@pytest.mark.lengthy
def test_the_number_of_workers_changes_nothing_but_the_time(snowcast, pages: Path):
    one_lines, one = cycle(snowcast, pages, "ONE_WORKER", 1)
    three_lines, three = cycle(snowcast, pages, "THREE_WORKERS", 3)
    assert len(one_lines) > 15
    assert one_lines == three_lines
    assert one == three
    assert one["fact_stream_snapshots"]


@pytest.fixture
def _prepared(snowcast) -> None:
    """An empty table, and the flows of these tests on the test run's Prefect server."""
    from flows.settings import change_environment

    change_environment({})
    with open_session(load_settings()) as session:
        session.sql("CREATE DATABASE IF NOT EXISTS ANALYTICS").collect()
        session.sql("CREATE OR REPLACE TABLE ANALYTICS.PUBLIC.MARKS (mark VARCHAR)").collect()


@pytest.mark.usefixtures("_prepared")
def test_ctrl_c_ends_the_other_steps_and_undoes_what_they_had_begun():
    settings = load_settings()
    reached: list[str] = []
    ended: list[str] = []

    @task(**STEP)
    def quick() -> None:
        while not reached:
            time.sleep(0.05)
        time.sleep(1)

    @task(**STEP)
    def slow() -> None:
        with open_session(settings, step="slow") as session:
            cursor = session.connection.cursor()
            cursor.execute("BEGIN")
            try:
                cursor.execute("INSERT INTO ANALYTICS.PUBLIC.MARKS VALUES ('half')")
                reached.append("slow")
                cursor.execute(LONG)
                reached.append("to the end")
            except BaseException as error:
                ended.append(str(error))
                session.connection.rollback()
                raise

    def interrupt(step: Step, outcome: object) -> None:
        assert not isinstance(outcome, Exception), outcome
        raise KeyboardInterrupt

    with open_session(settings, flow="outer") as session:
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            run_steps([Step("quick", quick, {}), Step("slow", slow, {})], 2, interrupt)
        assert reached == ["slow"]
        assert "cancel" in ended[0].lower(), ended
        assert time.monotonic() - began < 60
        assert [one.text for one in list_sent_statements() if one.step == "slow"][-1] == "ROLLBACK"
        assert session.sql("SELECT COUNT(*) FROM ANALYTICS.PUBLIC.MARKS").collect()[0][0] == 0


@pytest.mark.usefixtures("_prepared")
def test_a_passing_fault_of_one_of_several_leaves_the_logins_for_the_next_try():
    settings = load_settings()
    tries: list[int] = []

    def work(number: int) -> int:
        with open_session(settings, step="work") as session:
            tries.append(number)
            if tries.count(0) == 1 and number == 0:
                raise TransientError("gone")
            return int(session.sql(f"SELECT {number}").collect()[0][0])

    with open_session(settings, flow="outer"):
        with pytest.raises(TransientError, match="gone"):
            list(map_at_once(2)(work, [0, 1, 2]))
        assert list(map_at_once(2)(work, [0, 1, 2])) == [0, 1, 2]
