"""Building streamer_activity of so many gifts, and of 10,000 gifts more: the real builds, and hand-written DuckDB.

Facts are there as one unconsumed build. Ours then builds, as production does, the events, when streamers are at risk
and the stream with its lifecycle: typed, compared with what is stored, merged, with ledgers, over the Snowflake
protocol. By hand, one statement numbers the gifts, and a second delivery replaces the rows of the streamers it touches.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from rich.table import Table as Shown

from tests.bench.activity import open_warehouse

if TYPE_CHECKING:
    from snowflake.snowpark import Session

FOOTNOTE = """snowcast: four tables, each compared with what is stored, merged and told in the ledgers; lifecycle and
risk from the same events.
plain DuckDB: one table of gifts, in this process; no lifecycle, no comparison, no ledger."""
BUILT = ("int_streamer_events", "int_streamer_risk", "int_streamers_at_risk", "streamer_activity")
MORE = 10_000
_PER_STREAMER = 100
_COUNTED = "SELECT SEQ8() AS i FROM TABLE(GENERATOR(ROWCOUNT => {count}))"
_DUCK_COUNTED = "SELECT range AS i FROM range({count})"
_BEGIN = "CAST('2023-01-01' AS TIMESTAMP)"


def gifts_query(gifts: int, first: int, count: int, counted: str, *, is_duck: bool) -> str:
    """SELECT of gifts: transaction, streamer, when, points.

    Args:
        gifts: How many there are in all; a hundred a streamer.
        first: Number of the first one.
        count: How many.
        counted: SELECT of i from 0 on, with `{count}` for how many.
        is_duck: In DuckDB's words; else in Snowflake's.
    """
    streamers = gifts // _PER_STREAMER
    minute = "CAST((n * 7919) % 525600 AS INT)"
    at = f"{_BEGIN} + to_minutes({minute})" if is_duck else f"DATEADD('minute', {minute}, {_BEGIN})"
    numbered = f"SELECT CAST(i + {first} AS BIGINT) AS n FROM ({counted.format(count=count)}) AS counted"
    of = streamers if first == 0 else MORE // 10  # ten more gifts each
    return (
        f"SELECT 'g' || CAST(n AS VARCHAR) AS gift_transaction_id, 's' || CAST(n % {of} AS VARCHAR) AS streamer_id, "
        f"{at} AS gifted_at, CAST((n * 31) % 1000 AS BIGINT) AS points FROM ({numbered}) AS numbered"
    )


class OurStreams:
    """A warehouse whose facts are filled without a source."""

    def __init__(self, session: Session, gifts: int) -> None:
        self.session, self.gifts = session, gifts
        self.database = str(session.get_current_database()).strip('"')

    def deliver(self, first: int, count: int) -> None:
        """Put gifts into fact_gifts as one build that nothing has consumed; not timed."""
        from transforms.catalog import models

        table = models()["fact_gifts"].table
        build_id = f"gifts-{first}"
        values = {
            "gift_transaction_id": "gift_transaction_id",
            "platform": "'livelogs'",
            "streamer_key": "MD5(streamer_id)",
            "streamer_id": "streamer_id",
            "user_key": "MD5(gift_transaction_id)",
            "user_id": "gift_transaction_id",
            "gifted_at": "gifted_at",
            "gift_id": "'g01'",
            "points": "points",
            "is_cancelled": "FALSE",
            "is_anonymous": "FALSE",
            "points_in_stream": "0",
            "_build_id": f"'{build_id}'",
        }
        query = gifts_query(self.gifts, first, count, _COUNTED, is_duck=False)
        self.session.sql(
            f"INSERT INTO {table.full_name(self.database)} ({', '.join(values)}) "
            f"SELECT {', '.join(values.values())} FROM ({query}) AS gifts"
        ).collect()
        self.session.sql(
            f"INSERT INTO {self.database}.OPS.BUILDS SELECT '{build_id}', 'bench', 'fact_gifts', 'incremental', "
            f"{count}, 0, 0, 0, '2026-01-01'::TIMESTAMP_NTZ"
        ).collect()

    def build(self) -> float:
        """Build what stands on the facts; seconds."""
        from tests.feeding import PARAMETERS
        from transforms.building import build_table

        began = time.perf_counter()
        for name in BUILT:
            build_table(self.session, name, run_id="bench", parameters=PARAMETERS)
        return time.perf_counter() - began

    def summary(self) -> tuple[Any, ...]:
        """What must be equal to the summary of the hand-written stream."""
        (row,) = self.session.sql(_summary(f"{self.database}.ACTIVITY.STREAMER_ACTIVITY")).collect()
        return tuple(int(value) for value in row)


class PlainStreams:
    """The gifts and their stream in DuckDB, in this process."""

    def __init__(self, folder: Path, gifts: int) -> None:
        self.duck = duckdb.connect(str(folder / "plain.db"))
        self.gifts = gifts
        self.duck.execute(
            "CREATE TABLE gifts (gift_transaction_id VARCHAR, streamer_id VARCHAR, gifted_at TIMESTAMP, points BIGINT)"
        )

    def deliver(self, first: int, count: int) -> None:
        """Bring gifts; not timed."""
        query = gifts_query(self.gifts, first, count, _DUCK_COUNTED, is_duck=True)
        self.duck.execute(f"CREATE OR REPLACE TABLE arrived AS {query}")
        self.duck.execute("INSERT INTO gifts FROM arrived")

    def build(self, *, is_first: bool) -> float:
        """Number the gifts; seconds."""
        began = time.perf_counter()
        if is_first:
            self.duck.execute(f"CREATE TABLE stream AS {_numbered('gifts')}")
        else:
            touched = "SELECT * FROM gifts WHERE streamer_id IN (SELECT streamer_id FROM arrived)"
            self.duck.begin()
            self.duck.execute("DELETE FROM stream WHERE customer IN (SELECT 'livelogs:' || streamer_id FROM arrived)")
            self.duck.execute(f"INSERT INTO stream {_numbered(f'({touched})')}")
            self.duck.commit()
        return time.perf_counter() - began

    def summary(self) -> tuple[Any, ...]:
        """As OurStreams.summary."""
        return tuple(int(value) for value in self.duck.execute(_summary("stream")).fetchone() or ())


def _numbered(gifts: str) -> str:
    per_person = "OVER (PARTITION BY streamer_id ORDER BY gifted_at, md5(gift_transaction_id))"
    return (
        "SELECT md5(gift_transaction_id) AS activity_id, gifted_at AS ts, 'livelogs:' || streamer_id AS customer, "
        "'gift_received' AS activity, json_object('gift_transaction_id', gift_transaction_id, 'points', points) "
        f"AS feature_json, row_number() {per_person} AS activity_occurrence, "
        f"lead(gifted_at) {per_person} AS activity_repeated_at FROM {gifts}"
    )


def _summary(table: str) -> str:
    return (
        "SELECT COUNT(*), COUNT(DISTINCT customer), SUM(activity_occurrence), COUNT(activity_repeated_at), "
        f"SUM(DATEDIFF('minute', {_BEGIN}, activity_repeated_at)) FROM {table} WHERE activity = 'gift_received'"
    )


def measured(gifts: int) -> tuple[Shown, list[str]]:
    """One first build, and one of more gifts."""
    shown = Shown(title=f"streamer_activity of {gifts:,} gifts to {gifts // _PER_STREAMER:,} streamers, seconds")
    for name in ("build", "snowcast", "plain DuckDB", "snowcast ÷ plain"):
        shown.add_column(name, justify="left" if name == "build" else "right")
    remarks = []
    with tempfile.TemporaryDirectory() as name, open_warehouse(Path(name) / "home") as session:
        ours, plain = OurStreams(session, gifts), PlainStreams(Path(name), gifts)
        for label, first, count in (("first", 0, gifts), (f"{MORE:,} gifts more", gifts, MORE)):
            for engine in (ours, plain):
                engine.deliver(first, count)
            own, by_hand = ours.build(), plain.build(is_first=first == 0)
            shown.add_row(label, f"{own:.2f}", f"{by_hand:.2f}", f"{own / by_hand:.1f}")
            if ours.summary() != plain.summary():
                remarks.append(f"{label}: NOT the same stream: {ours.summary()} and {plain.summary()}")
        plain.duck.close()
    return shown, remarks or ["The numbers of every gift are the same as the hand-written ones."]
