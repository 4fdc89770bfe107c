"""The embedded warehouse on large values, beside plain DuckDB on the same rows in one run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

ROWS, RESULT_ROWS = 100_000, 1_000_000


def seconds_of(work: Callable[[], Any], runs: int) -> float:
    """Median seconds of several runs."""
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return median(found)


def measured(runs: int) -> Table:
    """create_dataframe, a large result, MERGE and a small statement: ours, and DuckDB in this process."""
    import duckdb
    from snowflake.snowpark import Session
    from snowflake.snowpark.functions import when_matched, when_not_matched

    from deployments.embedded import ensure_running, stop

    table = Table(title=f"The embedded warehouse, medians of {runs}, seconds")
    for name in ("work", "through the Snowflake protocol", "DuckDB in process"):
        table.add_column(name, justify="left" if name == "work" else "right")
    with tempfile.TemporaryDirectory() as folder:
        endpoint = ensure_running(Path(folder))
        session = Session.builder.configs(endpoint.connection_parameters("BENCH")).create()
        duck = duckdb.connect(str(Path(folder) / "plain.db"))
        rows = [(number, f"row {number}", number / 7) for number in range(ROWS)]

        def create() -> None:
            session.create_dataframe(rows, schema=["id", "name", "share"]).count()

        def insert() -> None:
            duck.execute("CREATE OR REPLACE TABLE t (id INT, name VARCHAR, share DOUBLE)")
            duck.execute(
                "INSERT INTO t SELECT unnest(?), unnest(?), unnest(?)", [list(part) for part in zip(*rows, strict=True)]
            )

        session.range(RESULT_ROWS).write.save_as_table("big", mode="overwrite")
        session.range(RESULT_ROWS).write.save_as_table("target", mode="overwrite")
        for name in ("big", "target"):
            duck.execute(f"CREATE TABLE {name} AS SELECT range AS id FROM range({RESULT_ROWS})")

        def merge() -> None:
            big = session.table("big")
            target = session.table("target")
            clauses = [when_matched().update({"ID": big["ID"]}), when_not_matched().insert({"ID": big["ID"]})]
            target.merge(big, target["ID"] == big["ID"], clauses)

        plain_merge = (
            "MERGE INTO target USING big ON target.id = big.id "
            "WHEN MATCHED THEN UPDATE SET id = big.id WHEN NOT MATCHED THEN INSERT VALUES (big.id)"
        )
        works = [
            ("SELECT 1", lambda: session.sql("SELECT 1").collect(), lambda: duck.execute("SELECT 1").fetchall()),
            (f"create_dataframe of {ROWS:,} rows", create, insert),
            (f"{RESULT_ROWS:,} rows to pandas", session.table("big").to_pandas, lambda: duck.table("big").df()),
            (f"MERGE of {RESULT_ROWS:,} rows", merge, lambda: duck.execute(plain_merge)),
        ]
        for name, ours, plain in works:
            table.add_row(name, f"{seconds_of(ours, runs):.3f}", f"{seconds_of(plain, runs):.3f}")
        session.close()
        stop(Path(folder))
    return table
