"""A table that breaks a critical rule stops what stands on it, in later runs too, until it holds the rule again."""

from __future__ import annotations

import json

import pytest

# Tables that stand on the broken one, near and far, and one beside it that does not.
SOME = ("--select", "+mart_top_streamers", "--select", "stg_twitch_users")
ROW = "(SELECT MIN(stream_id) FROM STAGING.STG_TWITCH_STREAMS)"


def rows_of(snowcast) -> dict[str, int]:
    return {table["table"]: table["rows"] for table in json.loads(snowcast("status", "--json").out)["tables"]}


def closed(snowcast) -> set[str]:
    return {table["table"] for table in json.loads(snowcast("status", "--json").out)["tables"] if table["closed"]}


@pytest.mark.lengthy
def test_a_broken_table_is_found_and_told(snowcast):
    assert snowcast("run", "--polls", "1", "--sources", "twitch", *SOME).code == 0
    snowcast("sql", f"UPDATE STAGING.STG_TWITCH_STREAMS SET viewer_count = -5 WHERE stream_id = {ROW}")
    done = snowcast("validate", "--full", *SOME)
    assert done.code == 1
    assert "stg_twitch_streams" in done.err
    assert "critical" in done.err
    assert closed(snowcast) == {"stg_twitch_streams"}
    assert snowcast("report").code == 1


def test_only_what_stands_on_it_is_not_built(snowcast):
    before = rows_of(snowcast)
    done = snowcast("run", "--sources", "twitch", *SOME)
    assert done.code == 1
    assert "build int_stream_observations" in done.out
    assert "not built: stg_twitch_streams broke a critical rule" in done.out
    after = rows_of(snowcast)
    assert after["raw_twitch_streams"] > before["raw_twitch_streams"]
    assert after["stg_twitch_users"] > before["stg_twitch_users"]
    assert after["int_stream_observations"] == before["int_stream_observations"]
    assert after["mart_top_streamers"] == before["mart_top_streamers"]


def test_once_repaired_everything_is_built(snowcast):
    snowcast("sql", f"UPDATE STAGING.STG_TWITCH_STREAMS SET viewer_count = 5 WHERE stream_id = {ROW}")
    done = snowcast("build", *SOME)
    assert done.code == 0, done.out + done.err
    after = rows_of(snowcast)
    assert after["int_stream_observations"] == after["stg_twitch_streams"]
    assert closed(snowcast) == set()
