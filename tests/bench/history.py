"""History writes of one changed key in a hundred: the real `build_table`, dbt-duckdb's snapshot, hand-written DuckDB.

Each engine gets the same first delivery and then the same batches, some in order and some late (history_data.py). Ours
runs as in production: staging rows of an unconsumed build in, versions and ledgers out, over the Snowflake protocol.
What the others leave out is printed below the figures (FOOTNOTE); what became of late rows is counted.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.table import Table as Shown

from tests.bench.history_data import TRACKED, VALUES, Batch
from tests.bench.history_dbt import DbtHistory
from tests.bench.history_plain import PlainHistory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snowflake.snowpark import Session

    from transforms.contract import Table

_COUNTED = "SELECT SEQ8() AS i FROM TABLE(GENERATOR(ROWCOUNT => {count}))"
STRATEGIES = {"check": "snapshot_at", "timestamp": "updated_at"}

FOOTNOTE = """snowcast: decides per key whether it came in order, checks the invariants of what it wrote, and commits
the versions with its ledgers, so that a second build of the same rows writes nothing.
dbt snapshot: takes what it is given as the newest. A late row of check closes the open version at a time before it
began; a late row of timestamp is dropped. No splice, no ledger of what was read, no check of the result.
plain DuckDB: in this process, without protocol, ledgers or checks; a person chose the statement for each delivery."""


class Write(NamedTuple):
    """One write: seconds and statements."""

    seconds: float
    statements: int


def tables() -> tuple[Any, list[Any]]:
    """Models of a raw and a staging table that only the bench knows, and of a history per strategy."""
    from tests.registering import model_of
    from transforms import columns
    from transforms.contract import RAW_COLUMNS, TEXT, TIMESTAMP, VERSION_COLUMNS, Column, Layer, Table, money
    from transforms.write_kinds import History, MergeOnKey, Strategy

    key = Column("item_key", TEXT, "hash of item_id", nullable=False)
    values = (
        key,
        *[Column(name, TEXT, name) for name in ("item_id", "country", "plan")],
        Column("price", money(), "price"),
        Column("note", TEXT, "an untracked column"),
        Column("updated_at", TIMESTAMP, "when the values were changed"),
    )
    raw = Table("raw_bench_items", Layer.RAW, "one record", ("_source_file", "_source_row"), RAW_COLUMNS, MergeOnKey())
    staging = Table(
        name="stg_bench_items",
        layer=Layer.STAGING,
        grain="one item of one delivery",
        key=("item_key", "snapshot_at"),
        columns=(*values, columns.snapshot_at),
        write=MergeOnKey(),
    )
    histories = [
        Table(
            name=f"bench_history_{name}",
            layer=Layer.HISTORY,
            grain="one version of one item",
            key=("item_key", "valid_from"),
            recompute_by=("item_key",),
            columns=(*values, *VERSION_COLUMNS),
            write=History(strategy=Strategy(name), tracked=TRACKED, effective_at=effective_at),
        )
        for name, effective_at in STRATEGIES.items()
    ]

    def build_staging(raw_bench_items: Any) -> Any:
        return raw_bench_items

    def build_of(history: Table) -> Callable[..., Any]:
        def build(stg_bench_items: Any) -> Any:
            return history.observe(stg_bench_items)

        return build

    models = [model_of(raw), model_of(staging, build_staging)]
    return staging, models + [model_of(history, build_of(history)) for history in histories]


class OurHistory:
    """A warehouse with the bench's tables, and histories that `build_table` writes."""

    def __init__(self, session: Session, staging: Table, keys: int) -> None:
        self.session = session
        self.staging = staging
        self.keys = keys
        self.database = str(session.get_current_database()).strip('"')

    def stage(self, batch: Batch) -> None:
        """Bring a delivery into staging, as one build that nothing has consumed; not timed."""
        lineage = f"'bench/{batch.build_id}', ROW_NUMBER() OVER (ORDER BY item_key), '{batch.build_id}'"
        names = ", ".join((*VALUES, "_source_file", "_source_row", "_load_id", "_build_id"))
        self.session.sql(
            f"INSERT INTO {self.staging.full_name(self.database)} ({names}) "
            f"SELECT *, {lineage}, '{batch.build_id}' FROM ({batch.query(self.keys, _COUNTED)}) AS delivered"
        ).collect()
        self.session.sql(
            f"INSERT INTO {self.database}.OPS.BUILDS SELECT '{batch.build_id}', 'bench', '{self.staging.name}', "
            f"'incremental', {batch.size(self.keys)}, 0, 0, 0, '{batch.snapshot_at}'::TIMESTAMP_NTZ"
        ).collect()

    def write(self, strategy: str, batch: Batch) -> Write:
        """Build the history of a strategy; statements are those that ran, without questions for a query's columns."""
        from transforms.build import build_table

        tag = f"{strategy}-{batch.build_id}"
        self.session.query_tag = tag
        with counted_descriptions() as descriptions:
            began = time.perf_counter()
            build_table(self.session, f"bench_history_{strategy}", run_id="bench", parameters={})
            seconds = time.perf_counter() - began
        self.session.query_tag = "bench"
        query = "SELECT COUNT(*) FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) WHERE query_tag = "
        (row,) = self.session.sql(f"{query}'{tag}'").collect()
        return Write(seconds, int(row[0]) - len(descriptions) - 1)  # one set the tag

    def summary(self, strategy: str) -> tuple[object, ...]:
        """As PlainHistory.summary."""
        (row,) = self.session.sql(
            "SELECT COUNT(*), COUNT(valid_to), SUM(price), MIN(valid_from), MAX(valid_to), MAX(observed_at_last), "
            "COUNT(DISTINCT version_key), MIN(version_key), MAX(version_key) "
            f"FROM {self.database}.HISTORY.BENCH_HISTORY_{strategy.upper()}"
        ).collect()
        return tuple(row)


@contextmanager
def counted_descriptions() -> Iterator[list[None]]:
    """One entry for each time that Snowpark asks for the columns of a query, which runs nothing."""
    from snowflake.connector.cursor import SnowflakeCursor

    asked: list[None] = []
    original = SnowflakeCursor._describe_internal

    def counting(cursor: Any, *arguments: Any, **options: Any) -> Any:
        asked.append(None)
        return original(cursor, *arguments, **options)

    SnowflakeCursor._describe_internal = counting
    try:
        yield asked
    finally:
        SnowflakeCursor._describe_internal = original


@contextmanager
def our_history(folder: Path, keys: int) -> Iterator[OurHistory]:
    """Our tables in a warehouse of their own, which is stopped at the end."""
    from snowflake.snowpark import Session

    from deployments.embedded import ensure_running, stop
    from tests.feeding import prepare
    from tests.registering import registered

    endpoint = ensure_running(folder)
    session = Session.builder.configs(endpoint.connection_parameters("BENCH")).create()
    staging, models = tables()
    try:
        prepare(session)
        with registered(models, session):
            yield OurHistory(session, staging, keys)
    finally:
        session.close()
        stop(folder)


def batches(runs: int) -> list[Batch]:
    """The first delivery, a batch to warm up, then so many in order and as many late."""
    in_order = [Batch(number) for number in range(runs + 2)]
    return in_order + [Batch(number + 1, is_late=True) for number in range(runs)]


def kind_of(batch: Batch) -> str:
    """Under which heading a write is shown."""
    if batch.is_late:
        return "1 % late"
    return {0: "first delivery", 1: "warm-up"}.get(batch.number, "1 % in order")


Found = dict[tuple[str, str, str], list[Write]]


def measured(keys: int, runs: int) -> tuple[Found, list[str]]:
    """Every write of every engine by (strategy, kind, engine), and what the histories hold at the end."""
    found: Found = defaultdict(list)
    remarks: list[str] = []
    with tempfile.TemporaryDirectory() as name, our_history(Path(name) / "home", keys) as ours:
        folder = Path(name)
        plain = {strategy: PlainHistory(folder, keys, at) for strategy, at in STRATEGIES.items()}
        dbt = DbtHistory(folder, keys)
        for batch in batches(runs):
            ours.stage(batch)
            dbt.stage(batch)
            for strategy, effective_at in STRATEGIES.items():
                plain[strategy].stage(batch)
                place = (strategy, kind_of(batch))
                found[*place, "snowcast"].append(ours.write(strategy, batch))
                found[*place, "dbt"].append(Write(*dbt.write(effective_at)))
                found[*place, "plain"].append(Write(*plain[strategy].write(batch)))
        for strategy, effective_at in STRATEGIES.items():
            remarks.append(_remark(ours, plain[strategy], dbt, strategy, effective_at))
            plain[strategy].close()
    return found, remarks


def _remark(ours: OurHistory, plain: PlainHistory, dbt: DbtHistory, strategy: str, effective_at: str) -> str:
    own, by_hand = ours.summary(strategy), plain.summary()
    versions, open_keys, negative = dbt.summary(effective_at)
    verdict = "the same as" if own == by_hand else f"NOT the same as ({own} and {by_hand})"
    return (
        f"{strategy}: our history is {verdict} the hand-written one, {by_hand[0]:,} versions. dbt's has {versions:,}: "
        f"{negative:,} end before they begin, {open_keys:,} keys have not exactly one open version."
    )


def shown(keys: int, runs: int, found: Found) -> Shown:
    """Medians side by side."""
    table = Shown(title=f"History of {keys:,} current keys: medians of {runs}, seconds (SQL statements)")
    for name in ("strategy", "write", "snowcast", "dbt snapshot", "plain DuckDB", "snowcast ÷ plain"):
        table.add_column(name, justify="left" if name in ("strategy", "write") else "right")
    for strategy in STRATEGIES:
        for kind in ("first delivery", "1 % in order", "1 % late"):
            engines = [found[strategy, kind, engine] for engine in ("snowcast", "dbt", "plain")]
            seconds = [median(write.seconds for write in writes) for writes in engines]
            counts = [median(write.statements for write in writes) for writes in engines]
            cells = [f"{second:.2f} ({count:.0f})" for second, count in zip(seconds, counts, strict=True)]
            table.add_row(strategy, kind, *cells, f"{seconds[0] / seconds[2]:.1f}")
    return table
