"""Charts as Vega gets them, where what Altair does by itself would mislead."""

from __future__ import annotations

import pandas as pd

from deployments.dashboard import charts


def test_streamers_of_one_name_have_a_bar_each():
    rows = pd.DataFrame({"name": ["Anna", "Bert", "Anna"], "viewers": [3, 2, 1]})
    (drawn,) = charts.bars(rows, "name", "viewers", "viewers").to_dict()["datasets"].values()
    assert [row["name"] for row in drawn] == ["Anna", "Bert", "Anna (2)"]


def test_days_without_a_row_keep_their_place():
    rows = pd.DataFrame({"date_day": pd.to_datetime(["2026-03-01", "2026-03-04"]), "sessions": [1, 2]})
    domain = charts.stacked_bars(rows, "date_day", {"sessions": "sessions"}, "sessions").to_dict()["encoding"]["x"]
    assert domain["scale"]["domain"] == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]


def test_months_and_weeks_are_steps_of_their_own():
    def domain(at: str, days: list[str]) -> list[str]:
        rows = pd.DataFrame({at: pd.to_datetime(days), "n": range(len(days))})
        return charts.stacked_bars(rows, at, {"n": "n"}, "n").to_dict()["encoding"]["x"]["scale"]["domain"]

    assert domain("year_month", ["2026-01-01", "2026-03-01"]) == ["2026-01", "2026-02", "2026-03"]
    assert domain("period_start", ["2026-03-02", "2026-03-16"]) == ["2026-03-02", "2026-03-09", "2026-03-16"]
    assert domain("period_start", ["2026-03-02"]) == ["2026-03-02"]


def test_a_legend_takes_nothing_from_the_height_of_the_bars():
    frame = pd.DataFrame({"date_day": pd.to_datetime(["2026-03-01"]), "a": [1], "b": [2], "c": [3]})
    one, three = (
        charts.stacked_bars(frame, "date_day", {name: name for name in names}, "unit") for names in ("a", "abc")
    )
    assert three.height >= one.height + 2 * 18
