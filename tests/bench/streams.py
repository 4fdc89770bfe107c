"""Building streamer_activity of so many gifts, and of 10,000 more, at the end or among them: ours and plain DuckDB.

Facts are there as one unconsumed build. Ours then builds, as production does, the events, when streamers are at risk
and the stream with its lifecycle: typed, compared with what is stored, merged, with ledgers, over the Snowflake
protocol. By hand, one statement numbers the gifts, and a second delivery replaces the rows of the streamers it touches.
Flat is what costs the same however much there is: the same delivery into much, by that into little.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
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
LITTLE, ONE, LITTLE_OF_ONE, MORE_OF_ONE = 100_000, 200_000, 2_000, 100


@dataclass(frozen=True)
class Delivery:
    """Gifts that arrive at once.

    Args:
        first: Number of the first one.
        count: How many.
        streamers: Whom they are given to, in turn.
        year: They are spread over that year after the first.
    """

    first: int
    count: int
    streamers: int
    year: int = 0

    def query(self, counted: str, *, is_duck: bool) -> str:
        """SELECT of the gifts in the order of time: transaction, streamer, when, points.

        Args:
            counted: SELECT of i from 0 on, with `{count}` for how many.
            is_duck: In DuckDB's words; else in Snowflake's.
        """
        minute = f"CAST({self.year} * 525600 + (n * 7919) % 525600 AS INT)"
        at = f"{_BEGIN} + to_minutes({minute})" if is_duck else f"DATEADD('minute', {minute}, {_BEGIN})"
        numbered = f"SELECT CAST(i + {self.first} AS BIGINT) AS n FROM ({counted.format(count=self.count)}) AS counted"
        return (
            "SELECT 'g' || CAST(n AS VARCHAR) AS gift_transaction_id, "
            f"'s' || CAST(n % {self.streamers} AS VARCHAR) AS streamer_id, {at} AS gifted_at, "
            f"CAST((n * 31) % 1000 AS BIGINT) AS points FROM ({numbered}) AS numbered ORDER BY (n * 7919) % 525600"
        )


class OurStreams:
    """A warehouse whose facts are filled without a source."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.database = str(session.get_current_database()).strip('"')

    def deliver(self, delivery: Delivery) -> None:
        """Put gifts into fact_gifts as one build that nothing has consumed; not timed."""
        from transforms.catalog import models
        from transforms.engine.write import new_build_id

        table = models()["fact_gifts"].table
        build_id = new_build_id()
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
        query = delivery.query(_COUNTED, is_duck=False)
        self.session.sql(
            f"INSERT INTO {table.full_name(self.database)} ({', '.join(values)}) "
            f"SELECT {', '.join(values.values())} FROM ({query}) AS gifts"
        ).collect()
        self.session.sql(
            f"INSERT INTO {self.database}.OPS.BUILDS SELECT '{build_id}', 'bench', 'fact_gifts', 'incremental', "
            f"{delivery.count}, 0, 0, 0, '2026-01-01'::TIMESTAMP_NTZ"
        ).collect()

    def build(self) -> float:
        """Build what stands on the facts; seconds."""
        from tests.feeding import PARAMETERS
        from transforms.build import build_table

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

    def __init__(self, folder: Path) -> None:
        self.duck = duckdb.connect(str(folder / "plain.db"))
        self.duck.execute("SET enable_progress_bar = false")
        self.duck.execute(
            "CREATE TABLE gifts (gift_transaction_id VARCHAR, streamer_id VARCHAR, gifted_at TIMESTAMP, points BIGINT)"
        )

    def deliver(self, delivery: Delivery) -> None:
        """Bring gifts; not timed."""
        query = delivery.query(_DUCK_COUNTED, is_duck=True)
        self.duck.execute(f"CREATE OR REPLACE TABLE arrived AS {query}")
        self.duck.execute("INSERT INTO gifts FROM arrived")

    def build(self) -> float:
        """Number the gifts; seconds."""
        began = time.perf_counter()
        if not self.duck.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'stream'").fetchall():
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
    """One first build, and two of more gifts: behind the others, and among them."""
    streamers = gifts // _PER_STREAMER
    shown = Shown(title=f"streamer_activity of {gifts:,} gifts to {streamers:,} streamers, seconds")
    for name in ("build", "snowcast", "plain DuckDB", "snowcast ÷ plain"):
        shown.add_column(name, justify="left" if name == "build" else "right")
    deliveries = {
        "first": Delivery(0, gifts, streamers),
        f"{MORE:,} more, at the end": Delivery(gifts, MORE, MORE // 10, year=1),  # ten more gifts each
        f"{MORE:,} more, late": Delivery(gifts + MORE, MORE, MORE // 10),
    }
    remarks = []
    with tempfile.TemporaryDirectory() as name, open_warehouse(Path(name) / "home") as session:
        ours, plain = OurStreams(session), PlainStreams(Path(name))
        for label, delivery in deliveries.items():
            for engine in (ours, plain):
                engine.deliver(delivery)
            own, by_hand = ours.build(), plain.build()
            shown.add_row(label, f"{own:.2f}", f"{by_hand:.2f}", f"{own / by_hand:.1f}")
            if ours.summary() != plain.summary():
                remarks.append(f"{label}: NOT the same stream: {ours.summary()} and {plain.summary()}")
        plain.duck.close()
    return shown, remarks or ["The numbers of every gift are the same as the hand-written ones."]


def flatness(most: int, runs: int) -> tuple[Shown, list[str]]:
    """The same delivery at the end of much and of little: of many streamers, and of one; medians.

    Args:
        most: Gifts that there are, where there is much.
        runs: So many deliveries one after the other.
    """
    shown = Shown(title=f"Flat: a delivery at the end of much ÷ of little, medians of {runs}, seconds")
    for name in ("delivery", "snowcast much ÷ little", "plain much ÷ little", "snowcast", "plain DuckDB"):
        shown.add_column(name, justify="left" if name == "delivery" else "right")
    remarks: list[str] = []
    for label, more, much, little in (
        (f"{MORE:,} more into {most:,} ÷ {LITTLE:,}", MORE, most, LITTLE),
        (f"{MORE_OF_ONE} more of one with {ONE:,} ÷ {LITTLE_OF_ONE:,}", MORE_OF_ONE, ONE, LITTLE_OF_ONE),
    ):
        each = [_more_at_the_end(gifts, more, runs, remarks) for gifts in (much, little)]
        (own, by_hand), (own_little, by_hand_little) = each
        ratios = f"{own / own_little:.2f}", f"{by_hand / by_hand_little:.2f}"
        shown.add_row(label, *ratios, f"{own:.2f} ÷ {own_little:.2f}", f"{by_hand:.2f} ÷ {by_hand_little:.2f}")
    return shown, remarks


def _more_at_the_end(gifts: int, more: int, runs: int, remarks: list[str]) -> tuple[float, float]:
    """Median seconds of ours and by hand; a hundred more are of one streamer, who has all there is."""
    is_one = more == MORE_OF_ONE
    streamers, touched = (1, 1) if is_one else (gifts // _PER_STREAMER, MORE // 10)
    with tempfile.TemporaryDirectory() as name, open_warehouse(Path(name) / "home") as session:
        ours, plain = OurStreams(session), PlainStreams(Path(name))
        seconds: list[tuple[float, float]] = []
        for run in range(runs + 1):
            first = gifts + (run - 1) * more
            delivery = Delivery(first, more, touched, year=run) if run else Delivery(0, gifts, streamers)
            for engine in (ours, plain):
                engine.deliver(delivery)
            seconds.append((ours.build(), plain.build()))
        if ours.summary() != plain.summary():
            remarks.append(f"{gifts:,} gifts: NOT the same stream: {ours.summary()} and {plain.summary()}")
        plain.duck.close()
    return median(own for own, _ in seconds[1:]), median(by_hand for _, by_hand in seconds[1:])
