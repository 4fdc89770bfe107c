"""Data Docs are readable, hold the newest result of each table, and no secret is anywhere."""

from __future__ import annotations

import logging
import re
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from expectations.checks.tables import build_docs, rules_of, validate_tables
from expectations.engine.suites import alone_in
from expectations.engine.tables import find_table
from tests.expectations.planting import GOOD_BATCH, bad_batch


def text_of(folder: Path) -> str:
    """All text under a folder."""
    return "\n".join(
        path.read_text(errors="replace") for path in folder.rglob("*") if path.suffix in (".html", ".json", ".yml")
    )


def index_lines(index: str) -> list[tuple[str, ...]]:
    """Table, style, verdict and run of each line of the index."""
    return re.findall(r"'>([^<]+)</a></td><td class='([a-z-]+)'>([^<]+)</td><td>[\d :-]+ UTC</td><td>([^<]+)", index)


def pages(folder: Path, table: str) -> list[Path]:
    """Pages of a table."""
    return list((folder / "validations" / table).rglob("*.html"))


def test_docs_show_every_rule_with_reason_and_what_was_found(planted: dict[str, Any], tmp_path: Path) -> None:
    batches = {"dim_games": [GOOD_BATCH, bad_batch(0)], "dim_date": [GOOD_BATCH]}
    validate_tables(planted, ["dim_games", "dim_date"], run_id="run-1", batches=batches, docs_root=tmp_path)
    index = build_docs(tmp_path).read_text()
    assert "dim_games" in index
    assert "dim_date" in index
    (page,) = pages(tmp_path, "dim_games")
    shown = page.read_text()
    assert "game_id never repeats" in shown
    assert "a repeated key multiplies every join and sum" in shown
    assert "2 of 2 rows: first game_id x" in shown
    assert "columns and types as declared" in shown
    assert "(critical)" in shown
    assert index_lines(index) == [
        ("dim_games", "text-danger", "✗ 1 critical rule failed", "run-1"),
        ("dim_date", "text-success", "✓ every rule holds", "run-1"),
    ]


def test_the_index_tells_warnings_from_critical_failures_and_lists_the_gravest_first(
    planted: dict[str, Any], tmp_path: Path
) -> None:
    def bad(table: str, *rules: str) -> list[str]:
        names = [rule.name for rule in rules_of(find_table(table))]
        return [bad_batch(names.index(rule)) for rule in rules]

    batches = {
        "dim_date": [GOOD_BATCH],
        "dim_games": bad("dim_games", "every category has a name"),
        "dim_streamers": bad("dim_streamers", "every streamer has a name", "platform is never NULL"),
    }
    validate_tables(planted, list(batches), run_id="run-1", batches=batches, docs_root=tmp_path)
    assert index_lines(build_docs(tmp_path).read_text()) == [
        ("dim_streamers", "text-danger", "✗ 2 critical rules failed, 1 warning", "run-1"),
        ("dim_games", "text-warning", "! 1 warning", "run-1"),
        ("dim_date", "text-success", "✓ every rule holds", "run-1"),
    ]


def test_docs_ask_nothing_of_the_web(planted: dict[str, Any], tmp_path: Path) -> None:
    validate_tables(planted, ["dim_date"], run_id="r", batches={"dim_date": [GOOD_BATCH]}, docs_root=tmp_path)
    build_docs(tmp_path)
    for page in [tmp_path / "index.html", *pages(tmp_path, "dim_date")]:
        assert not re.search(
            r"""(src|href)=["']https?://(?!docs\.|greatexpectations)|url\(['"]?http|<script""", page.read_text()
        )


def test_a_second_run_replaces_the_pages_of_its_tables_and_keeps_the_others(
    planted: dict[str, Any], tmp_path: Path
) -> None:
    good = {"dim_games": [GOOD_BATCH], "dim_date": [GOOD_BATCH]}
    validate_tables(planted, ["dim_games", "dim_date"], run_id="run-1", batches=good, docs_root=tmp_path)
    validate_tables(planted, ["dim_games"], run_id="run-2", batches=good, docs_root=tmp_path)
    index = build_docs(tmp_path).read_text()
    (games,) = pages(tmp_path, "dim_games")
    (dates,) = pages(tmp_path, "dim_date")
    assert "run-2" in str(games)
    assert "run-1" in str(dates)
    assert games.relative_to(tmp_path).as_posix() in index
    assert dates.relative_to(tmp_path).as_posix() in index


def test_no_secret_in_docs_logs_results_or_errors(
    planted: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = planted["password"]
    with caplog.at_level(logging.DEBUG, logger="great_expectations"):
        results = validate_tables(
            planted, ["dim_games", "raw_twitch_users"], run_id="r", batches=None, docs_root=tmp_path
        )
    build_docs(tmp_path)
    assert "dim_games" in text_of(tmp_path)
    assert secret not in text_of(tmp_path)
    assert secret not in caplog.text
    assert secret not in repr(results)
    wrong = {**planted, "password": "wrong-$ecret-{x}"}
    with pytest.raises(Exception, match="250001|390100|Incorrect") as refused:
        validate_tables(wrong, ["dim_games"], run_id="r", batches=None, docs_root=tmp_path)
    assert wrong["password"] not in str(refused.value)
    assert wrong["password"] not in caplog.text


def test_a_newer_result_of_another_run_does_not_fail_the_docs_of_this_one(
    planted: dict[str, Any], tmp_path: Path
) -> None:
    batches = {"dim_date": [GOOD_BATCH], "dim_games": [GOOD_BATCH]}
    validate_tables(planted, list(batches), run_id="mine", batches=batches, docs_root=tmp_path)
    shutil.rmtree(tmp_path / "results" / "dim_date")  # as the other run does before it writes its own
    assert "dim_games" in build_docs(tmp_path).read_text()


def test_docs_wait_for_whoever_writes_them(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    with alone_in(tmp_path):
        waiting = threading.Thread(target=build_docs, args=[tmp_path])
        waiting.start()
        waiting.join(timeout=1)
        assert waiting.is_alive()
    waiting.join(timeout=60)
    assert not waiting.is_alive()
    assert (tmp_path / "index.html").is_file()
