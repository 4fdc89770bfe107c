"""Each page drawn by Streamlit in this process, on the known warehouse and on one where nothing is yet."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import snowflake.connector
import streamlit
from streamlit.testing.v1 import AppTest

from deployments.dashboard import Access, Answer, WrongQuestionError, hand_over
from deployments.dashboard.access import Explained, ExplainedStep, Explainer, UnknownNumberError
from deployments.dashboard.panels import read_key, write_key
from deployments.dashboard.views.growth import EXAMPLES
from deployments.embedded import Endpoint
from flows.cli.views.dashboard import answer_question
from flows.settings import load_settings
from tests.architecture import ROOT
from tests.dashboard.known import known_warehouse
from transforms.activity.definitions.registry import list_known_activities
from transforms.datasets.analysis.plan import plan_of
from transforms.datasets.syntax.parser import parse_query

PAGES = ["live", "streamers", "games", "growth", "revenue", "product", "operations"]
QUERIES = (ROOT / "transforms" / "datasets" / "QUERIES.md").read_text(encoding="utf-8")
Draw = Callable[..., AppTest]


def drawing(
    parameters: dict[str, Any], ask: Callable[[str], Answer] | None = None, explainer: Explainer | None = None
) -> Draw:
    """Draws a page of the warehouse that the parameters name, as an address with those words opens it."""

    def draw(page: str, **address: str | list[str]) -> AppTest:
        hand_over(Access(lambda: snowflake.connector.connect(**parameters), ask, explainer=explainer))
        streamlit.cache_resource.clear()
        streamlit.cache_data.clear()
        test = AppTest.from_string(f"from deployments.dashboard.views import {page}\n{page}.draw()", default_timeout=60)
        for name, value in address.items():
            test.query_params[name] = value
        return test.run()

    return draw


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("streamlit").setLevel(logging.CRITICAL)


@pytest.fixture
def draw(known: dict[str, Any]) -> Draw:
    return drawing(known)


@pytest.fixture(scope="module")
def draw_nothing(endpoint: Endpoint) -> Iterator[Draw]:
    """Draws pages of a warehouse without a table."""
    with known_warehouse(endpoint, {}) as parameters:
        yield drawing(parameters)


def metrics_of(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def titles_of(page: AppTest) -> list[str]:
    return [header.value for header in page.header]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_warehouse_without_tables_says_what_fills_it(draw_nothing: Draw, page: str):
    drawn = draw_nothing(page)
    assert not drawn.exception
    assert drawn.info
    assert all("snowcast " in one.value for one in drawn.info)


def test_live_shows_the_newest_poll(draw: Draw):
    page = draw("live")
    assert not page.exception
    assert metrics_of(page) == {"Viewers now": "240", "Streams live": "3", "Peak of the window": "240"}
    assert titles_of(page) == [
        "Concurrent viewers",
        "Categories now",
        "Languages now",
        "Rising and falling",
        "Top streamers now",
        "Open spikes",
    ]
    assert page.caption[0].value.startswith("Observed last: twitch: 2026-03-02 10:30 UTC, ")
    assert page.caption[0].value.endswith(" ago")
    assert not page.info
    assert draw("live", game="golf").info[-1].value.startswith("No spike is open. `snowcast run`")


def test_a_category_in_the_address_filters_live(draw: Draw):
    assert metrics_of(draw("live", game="chess"))["Viewers now"] == "210"


def test_a_category_that_is_chosen_stands_in_the_address(draw: Draw):
    page = draw("live")
    page.selectbox(key="choose_game").select("golf").run()
    assert metrics_of(page)["Viewers now"] == "30"
    assert page.query_params["game"] == "golf"
    page.selectbox(key="choose_game").select("").run()
    assert metrics_of(page)["Viewers now"] == "240"
    assert "game" not in page.query_params


def test_the_first_streamer_is_the_most_watched_one(draw: Draw):
    page = draw("streamers")
    assert not page.exception
    assert page.header[0].value == "Anna"
    assert metrics_of(page) == {
        "Hours watched": "70",
        "Average viewers": "70.0",
        "Peak viewers": "140",
        "Airtime": "1 h 00 min",
        "Coverage": "50%",
    }


def test_a_streamer_and_days_in_the_address_are_what_is_shown(draw: Draw):
    page = draw("streamers", streamer="l", days=["2026-03-01", "2026-03-01"])
    assert page.header[0].value == "Lola"
    broadcasts = next(table.value for table in page.dataframe if "stream_id" in table.value)
    assert list(broadcasts["stream_id"]) == ["log-1"]


def test_a_text_finds_streamers(draw: Draw):
    page = draw("streamers", find="bert")
    assert page.selectbox(key="choose_streamer").options == ["=Bert · twitch"]
    nobody = draw("streamers", find="nobody at all")
    assert [one.value for one in nobody.info] == ["Nobody is called like “nobody at all”."]


@pytest.mark.parametrize(
    ("page", "address", "expected"),
    [
        (
            "games",
            {},
            {
                "Hours watched": "105",
                "Average viewers": "70.0",
                "Peak viewers": "240",
                "Broadcasts": "3",
                "Coverage": "50%",
            },
        ),
        (
            "games",
            {"game": "golf"},
            {
                "Hours watched": "15",
                "Average viewers": "30.0",
                "Peak viewers": "30",
                "Broadcasts": "1",
                "Coverage": "–",
            },
        ),
        ("revenue", {}, {"MRR": "40.00", "NRR": "67%", "GRR": "50%", "ARPU": "13.33", "Revenue": "44.50"}),
        (
            "revenue",
            {"days": ["2026-01-01", "2026-01-31"]},
            {"MRR": "30.00", "NRR": "–", "GRR": "–", "ARPU": "15.00", "Revenue": "30.00"},
        ),
        ("product", {}, {"DAU": "5", "MAU": "8", "Stickiness": "25%", "Sessions": "3"}),
        (
            "operations",
            {},
            {"Critical rules failed": "0", "Warnings": "1", "In quarantine": "1", "Last run": "completed"},
        ),
    ],
)
def test_a_page_shows_the_numbers_of_what_its_address_says(
    draw: Draw, page: str, address: dict[str, Any], expected: dict[str, str]
):
    drawn = draw(page, **address)
    assert not drawn.exception
    assert metrics_of(drawn) == expected


def test_amounts_are_in_the_currency_that_payments_were_built_with(draw: Draw, draw_nothing: Draw):
    page = draw("revenue")
    notes = {metric.label: metric.delta for metric in page.metric}
    assert (notes["MRR"], notes["Revenue"]) == ("EUR, end of 2026-02", "EUR, less refunds")
    units = [caption.value for caption in page.caption if caption.value.startswith("EUR")]
    assert len(units) == 4
    assert not draw_nothing("revenue").exception


def test_growth_shows_whose_and_by_what_is_chosen(draw: Draw):
    page = draw("growth")
    assert not page.exception
    accounts = next(table.value for table in page.dataframe if "churned_count" in table.value)
    assert list(accounts["active_count"]) == [3, 4]
    page = draw("growth", by="day", days=["2026-03-02", "2026-03-02"])
    accounts = next(table.value for table in page.dataframe if "churned_count" in table.value)
    assert list(accounts["active_count"]) == [4]
    assert draw("growth", whose="streamer").info[0].value.startswith("No activity in these days.")


def asking(ask: Callable[[str], Answer], known: dict[str, Any]) -> AppTest:
    """The page of growth, where questions are answered so."""
    draw = drawing(known, ask)
    page = draw("growth")
    return click_example(page, "Whether who pays cancels later")


def click_example(page: AppTest, title: str) -> AppTest:
    return next(button for button in page.button if button.label == title).click().run()


def test_an_example_that_is_clicked_is_asked(known: dict[str, Any]):
    asked = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return Answer(pd.DataFrame({"entity": ["u1"], "occurrence": [1]}), is_cut=False)

    page = asking(ask, known)
    assert asked == [EXAMPLES["viewer"]["Whether who pays cancels later"]]
    assert page.query_params["question"] == asked[0]
    assert list(page.dataframe[-1].value["entity"]) == ["u1"]


def test_an_example_is_answered_by_the_activities_of_the_warehouse(
    known: dict[str, Any], warehouse_home: Path, monkeypatch: pytest.MonkeyPatch
):
    """The text is parsed, planned and asked as `snowcast dashboard` does it."""
    monkeypatch.setenv("SNOWCAST_HOME", str(warehouse_home))
    monkeypatch.setenv("SNOWCAST_DATABASE", str(known["database"]))
    page = drawing(known, partial(answer_question, load_settings()))("growth", whose="streamer")
    page = click_example(page, "Streams of each day")
    assert not page.error
    (answer,) = page.dataframe[-1].value.to_dict("records")
    assert (answer["entity"], answer["streams"]) == ("twitch:id-a", 1)
    page.text_area(key="question").input("every day of stream_start").run()
    assert page.error[0].value.startswith("'stream_start' is no activity; did you mean stream_started?")


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_example_is_a_question_of_its_stream(kind: str):
    for question in EXAMPLES[kind].values():
        assert plan_of(parse_query(question), list_known_activities()).stream == f"{kind}_activity"
    asked = [" ".join(question.split()) for question in EXAMPLES["streamer"].values()]
    assert all(f'"{question}"' in " ".join(QUERIES.split()) for question in asked)


def test_a_wrong_question_says_what_is_wrong(known: dict[str, Any]):
    def ask(question: str) -> Answer:
        raise WrongQuestionError(f"{question}: no such activity")

    assert asking(ask, known).error[0].value.endswith("no such activity")


def test_times_are_labelled_in_another_zone_and_stay_the_same_in_the_csv(draw: Draw, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.timezone", "Europe/Berlin")
    page = draw("streamers", times="local")
    broadcasts = next(table.value for table in page.dataframe if "stream_id" in table.value)
    assert str(broadcasts["last_seen_at"].iloc[0]) == "2026-03-02 11:30:00"
    assert metrics_of(page)["Hours watched"] == "70"


class TwoMovements:
    """Explains the MRR of two months."""

    def measures(self) -> Mapping[str, list[str]]:
        return {"mart_mrr_movements": ["closing_mrr", "nrr"], "mart_streamer_daily": ["hours_watched"]}

    def rows(self, table: str, column: str, key: Mapping[str, str], most: int) -> pd.DataFrame:
        months = ["2026-02-01", "2026-01-01"]
        return pd.DataFrame(
            [
                {"grain": "customer", "year_month": month, column: 1}
                for month in months
                if key.get("year_month") in (None, month)
            ]
        )

    def explain(self, table: str, column: str, key: Mapping[str, str]) -> Explained:
        if key["year_month"] == "2026-01-01":
            raise UnknownNumberError("no row is so old")
        rows = pd.DataFrame({"subscription_id": ["s1"]})
        return Explained("40.0", "sum(x)", "SELECT 40", [ExplainedStep("x: 1 row", ["x = y"], rows)], rows)


def test_a_number_links_to_what_explains_it(known: dict[str, Any]):
    draw = drawing(known, explainer=TwoMovements())
    linked = [one.value for one in draw("revenue").markdown if "Where it comes from" in one.value][0]
    assert "[MRR](explain?table=mart_mrr_movements&column=closing_mrr&key=grain%3Dcustomer%2C+year_month" in linked
    assert not [one for one in drawing(known)("revenue").markdown if "explain?" in one.value]
    for page in ("live", "games"):
        assert [one for one in draw(page).markdown if "](explain?table=" in one.value], page


def test_a_number_is_explained_with_the_command_that_does_it(known: dict[str, Any]):
    draw = drawing(known, explainer=TwoMovements())
    page = draw("explain", table="mart_mrr_movements", column="closing_mrr", key="year_month=2026-02-01")
    assert not page.exception
    assert titles_of(page) == ["closing_mrr = 40.0", "x: 1 row", "1 landing file"]
    assert [code.value for code in page.code] == [
        "sum(x)",
        "snowcast explain mart_mrr_movements closing_mrr --key grain=customer --key year_month=2026-02-01",
        "SELECT 40",
    ]
    assert len(draw("explain").dataframe[0].value) == 2, "rows to choose from"
    page = draw("explain", key="year_month=2026-01-01")
    assert page.error[0].value == "no row is so old"
    assert "snowcast run" in draw("explain", key="year_month=2025-01-01").info[0].value
    assert "snowcast explain" in drawing(known)("explain").info[0].value


def test_a_key_in_the_address_may_hold_a_comma():
    key = {"game_id": "a, b", "date_day": "2026-03-02"}
    assert read_key(write_key(key)) == key
