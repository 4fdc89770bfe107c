from __future__ import annotations

from datetime import timedelta

import pytest

from deployments.dashboard.queries import live
from deployments.dashboard.queries.live import Audience
from tests.dashboard.conftest import rows_of
from tests.dashboard.known_audience import BEFORE, FIRST, NEWEST

EVERYONE = Audience()
BOTH = Audience(game_id="chess", language="en")


def test_the_summary_says_what_is_watched_now(run):
    found = live.summarize(run, EVERYONE, 24)
    assert list(found.columns) == ["snapshot_at", "viewers", "streams", "viewers_before", "peak_viewers", "peak_at"]
    assert rows_of(found) == [(NEWEST, 240, 3, 230, 240, NEWEST)]


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (Audience(game_id="chess"), (NEWEST, 210, 2, 200, 210, NEWEST)),
        (Audience(language="en"), (NEWEST, 150, 2, 170, 170, BEFORE)),
        (BOTH, (NEWEST, 120, 1, 140, 140, BEFORE)),
    ],
)
def test_the_summary_is_of_the_audience_that_was_chosen(run, audience: Audience, expected):
    assert rows_of(live.summarize(run, audience, 24)) == [expected]


def test_an_audience_that_never_was_has_no_summary(run):
    assert live.summarize(run, Audience(game_id="nothing"), 24).empty


def test_viewers_over_time_are_the_stored_sums(run):
    assert rows_of(live.viewers_over_time(run, EVERYONE, 24)) == [(FIRST, 150, 2), (BEFORE, 230, 3), (NEWEST, 240, 3)]


def test_viewers_of_a_category_in_a_language_are_summed_from_the_streams(run):
    assert rows_of(live.viewers_over_time(run, BOTH, 24)) == [(FIRST, 100, 1), (BEFORE, 140, 1), (NEWEST, 120, 1)]


def test_a_long_window_shows_the_highest_of_each_hour(run):
    hour = NEWEST.replace(minute=0)
    assert rows_of(live.viewers_over_time(run, EVERYONE, 168)) == [(hour, 240, 3)]
    assert rows_of(live.viewers_over_time(run, EVERYONE, 24 * 60)) == [(hour.replace(hour=0), 240, 3)]


def test_categories_of_now_by_viewers(run):
    found = live.list_games(run, EVERYONE)
    assert list(found.columns) == ["game_id", "game_name", "viewers", "streams"]
    assert rows_of(found) == [("chess", "Chess", 210, 2), ("golf", "Golf", 30, 1)]


def test_languages_of_now_within_a_category(run):
    assert rows_of(live.list_languages(run, Audience(game_id="chess"))) == [("en", 120, 1), ("de", 90, 1)]


def test_top_streams_of_now(run):
    assert rows_of(live.list_top_streams(run, EVERYONE)) == [
        ("a", "Anna", "Chess", "en", 120, 60, "title of a"),
        ("b", "=Bert", "Chess", "de", 90, 60, "title of b"),
        ("c", "Carl_1", "Golf", "en", 30, 60, "title of c"),
    ]


def test_movers_are_those_that_changed_since_the_poll_before(run):
    assert rows_of(live.list_movers(run, EVERYONE)) == [("=Bert", 60, 90, 30), ("Anna", 140, 120, -20)]


def test_streams_are_shown_while_concurrent_viewers_are_ahead_of_them(run):
    """As between a poll's alerts, which build the sums, and the build of everything else."""
    lists = (live.list_games, live.list_languages, live.list_top_streams, live.list_movers)
    later = NEWEST + timedelta(minutes=15)
    move = "UPDATE MARTS.MART_CONCURRENT_VIEWERS SET snapshot_at = ? WHERE scope = 'all' AND snapshot_at = ?"
    shown = [rows_of(ask(run, EVERYONE)) for ask in lists]
    run(move, (later, NEWEST))
    try:
        assert [rows_of(ask(run, EVERYONE)) for ask in lists] == shown
        assert rows_of(live.summarize(run, EVERYONE, 24))[0][0] == later
    finally:
        run(move, (NEWEST, later))


def test_spikes_that_last_are_shown(run):
    spike = ("=Bert", "Chess", BEFORE, 12.5, 60, 90, NEWEST)
    assert rows_of(live.list_open_spikes(run, EVERYONE)) == [spike]
    assert rows_of(live.list_open_spikes(run, Audience(game_id="chess", language="de"))) == [spike]
    assert live.list_open_spikes(run, Audience(game_id="golf")).empty


def test_choices_are_what_was_watched_in_the_window(run):
    assert rows_of(live.list_choices(run, 24)) == [
        ("game", "chess", "Chess", 210),
        ("game", "golf", "Golf", 30),
        ("language", "en", "en", 170),
        ("language", "de", "de", 90),
    ]
