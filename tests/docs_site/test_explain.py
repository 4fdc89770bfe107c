"""What `snowcast explain` is asked wrongly, and the statements that it sends."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from flows.cli.commands.explain import _read_key
from flows.errors import ConfigError
from flows.explain.explain import explain_number, find_column
from flows.explain.narrow import _least, equals_text, literal, restrict, select
from flows.lineage.graph import Lineage
from transforms.catalog import models

TABLE = models()["mart_streamer_daily"].table


class NoRows:
    """A warehouse in which nothing is."""

    def records(self, statement: str) -> list[dict[str, Any]]:
        return []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (12, "12"),
        (Decimal("1.50"), "1.50"),
        (0.1, "0.1::double"),
        (date(2026, 11, 24), "'2026-11-24'::date"),
        (datetime(2026, 11, 24, 1, 2, 3), "'2026-11-24 01:02:03'::timestamp_ntz"),
        ("O'Neil \\", "'O''Neil \\\\'"),
    ],
)
def test_a_value_is_written_as_sql(value: Any, written: str):
    assert literal(value) == written


def test_what_a_person_writes_is_compared_by_the_type_of_the_column():
    assert equals_text(TABLE.column("date_day"), "x'y") == "date_day = TRY_CAST('x''y' AS date)"
    assert equals_text(TABLE.column("platform"), "twitch") == "platform = 'twitch'"


def test_a_build_reads_fewer_rows_of_the_inputs_that_are_named():
    statement = "SELECT * FROM (X.MARTS.FACT_STREAM_DAYS)"
    assert restrict(statement, "X", {"fact_stream_days": "a = 1", "dim_games": "b = 2"}) == (
        "SELECT * FROM (SELECT * FROM X.MARTS.FACT_STREAM_DAYS WHERE a = 1)"
    )


def test_rows_come_in_the_order_of_time():
    assert select(TABLE, "X", ["streamer_key", "date_day"], "TRUE").endswith("ORDER BY date_day, streamer_key")


def test_the_least_that_holds_is_found_with_few_questions():
    asked: list[int] = []

    def holds(number: int) -> bool:
        asked.append(number)
        return number >= 700

    assert _least(0, 1000, holds) == 700
    assert len(asked) <= 10


@pytest.mark.parametrize(
    ("table", "column", "told"),
    [
        ("mart_nothing", "x", "is no table whose numbers are explained"),
        ("stg_twitch_streams", "viewer_count", "is no table whose numbers are explained"),
        ("mart_streamer_daily", "viewers", "has no column viewers; it has streamer_key"),
    ],
)
def test_a_table_or_column_that_is_not_there_is_told(table: str, column: str, told: str):
    with pytest.raises(ConfigError, match=told):
        find_column(table, column)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"day": "1"}, "has no column day; its key is streamer_key, date_day"),
        ({"date_day": "1"}, "no row has date_day 1; name one with --key streamer_key=…"),
    ],
)
def test_a_key_that_names_no_row_is_told(named: dict[str, str], told: str, lineage: Lineage):
    with pytest.raises(ConfigError, match=told):
        explain_number(NoRows(), "X", lineage, TABLE, "hours_watched", named)


def test_a_key_is_a_name_and_a_value():
    assert _read_key(["Date_Day=2026-11-24", "streamer_id=a=b"]) == {"date_day": "2026-11-24", "streamer_id": "a=b"}
    with pytest.raises(ConfigError, match="is no NAME=VALUE"):
        _read_key(["date_day"])
