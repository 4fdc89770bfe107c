"""Questions of a stream of so many events: our datasets, and the best plain DuckDB SQL for the same answers.

Both have the same rows in a table of their own file, answer into a table, and read the numbers that the stream keeps
(activity_occurrence, activity_repeated_at). Ours goes through the Snowflake protocol: the text is parsed, planned, made
Snowpark frames and one statement, which the embedded warehouse translates. Answers are compared.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from rich.table import Table as Shown

from tests.bench.activity_data import QUESTIONS, Question, events_query
from tests.bench.warehouse import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowflake.snowpark import Session

FOOTNOTE = """plain DuckDB: in this process, without protocol, by a person who knows the stream's numbers."""
_COUNTED = "SELECT SEQ8() AS i FROM TABLE(GENERATOR(ROWCOUNT => {count}))"
_DUCK_COUNTED = "SELECT range AS i FROM range({count})"


class OurStream:
    """The stream in a warehouse of ours."""

    def __init__(self, session: Session, events: int) -> None:
        from transforms.catalog import models

        self.session = session
        self.database = str(session.get_current_database()).strip('"')
        self.table = models()["streamer_activity"].table
        query = events_query(events, _COUNTED, "PARSE_JSON")
        session.sql(f"CREATE OR REPLACE TABLE {self.table.full_name(self.database)} AS {query}").collect()

    def ask(self, question: Question) -> None:
        """Answer into a table."""
        from transforms.activity.definitions.registry import list_known_activities
        from transforms.datasets.frames.compile import dataset_of
        from transforms.datasets.syntax.parser import parse_query

        stream = self.session.table(self.table.full_name(self.database))
        dataset = dataset_of(parse_query(question.text), stream, list_known_activities())
        dataset.write.save_as_table(f"{self.database}.MARTS.ANSWER".split("."), mode="overwrite")

    def summary(self, question: Question) -> tuple[Any, ...]:
        """What must be equal to the summary of the other answer."""
        (row,) = self.session.sql(question.summary(f"{self.database}.MARTS.ANSWER")).collect()
        return tuple(row)


class PlainStream:
    """The stream in DuckDB in this process."""

    def __init__(self, folder: Path, events: int) -> None:
        self.duck = duckdb.connect(str(folder / "plain.db"))
        self.duck.execute("SET enable_progress_bar = false")
        self.duck.execute(f"CREATE TABLE stream AS {events_query(events, _DUCK_COUNTED, 'json')}")

    def ask(self, question: Question) -> None:
        """Answer into a table."""
        self.duck.execute(f"CREATE OR REPLACE TABLE answer AS {question.sql}")

    def summary(self, question: Question) -> tuple[Any, ...]:
        """As OurStream.summary."""
        found = self.duck.execute(question.summary("answer")).fetchone()
        return tuple(found or ())


@contextmanager
def open_warehouse(folder: Path) -> Iterator[Session]:
    """A warehouse of its own with empty tables, which is stopped at the end."""
    from snowflake.snowpark import Session

    from deployments.embedded import ensure_running, stop
    from tests.feeding import prepare

    endpoint = ensure_running(folder)
    session = Session.builder.configs(endpoint.connection_parameters("BENCH")).create()
    try:
        prepare(session)
        session.sql_simplifier_enabled = False
        yield session
    finally:
        session.close()
        stop(folder)


def measured(events: int, runs: int) -> tuple[Shown, list[str]]:
    """Medians of every question, and what is not equal."""
    shown = Shown(title=f"Questions of {events:,} events of {events // 100:,} streamers: medians of {runs}, seconds")
    for name in ("question", "rows", "snowcast", "plain DuckDB", "snowcast ÷ plain"):
        shown.add_column(name, justify="left" if name == "question" else "right")
    remarks = []
    with tempfile.TemporaryDirectory() as name, open_warehouse(Path(name) / "home") as session:
        ours, plain = OurStream(session, events), PlainStream(Path(name), events)
        for question in QUESTIONS:
            own, by_hand = (seconds_of(partial(engine.ask, question), runs) for engine in (ours, plain))
            answers = ours.summary(question), plain.summary(question)
            if answers[0] != answers[1]:
                remarks.append(f"{question.name}: NOT the same answer: {answers[0]} and {answers[1]}")
            cells = (f"{answers[0][0]:,}", f"{own:.2f}", f"{by_hand:.2f}", f"{own / by_hand:.1f}")
            shown.add_row(question.name, *cells)
        plain.duck.close()
    return shown, remarks or ["Every answer is the same as the hand-written one."]
