from __future__ import annotations

from datetime import datetime

import pytest

from deployments.dashboard.queries import streamers
from deployments.dashboard.queries.period import Period
from tests.dashboard.conftest import rows_of
from tests.dashboard.known_audience import BEFORE, DAY, DAY_BEFORE, FIRST, NEWEST

TODAY, BOTH_DAYS = Period(DAY, DAY), Period(DAY_BEFORE, DAY)
DAYS = [datetime(2026, 3, 1), datetime(2026, 3, 2)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "",
            [
                ("a", "Anna", "twitch", 70.0),
                ("b", "=Bert", "twitch", 30.0),
                ("c", "Carl_1", "twitch", 0.0),
                ("l", "Lola", "livelogs", 0.0),
            ],
        ),
        ("ann", [("a", "Anna", "twitch", 70.0)]),
        ("l_1", [("c", "Carl_1", "twitch", 0.0)]),
        ("a_n", []),
        ("l-1", [("l", "Lola", "livelogs", 0.0)]),
        ("%", []),
        ("'", []),
    ],
)
def test_streamers_are_found_by_part_of_a_name_and_by_id(run, text: str, found: list):
    assert rows_of(streamers.find_streamers(run, text)) == found


def test_the_profile_of_a_streamer(run):
    assert rows_of(streamers.read_profile(run, "a")) == [
        ("Anna", "anna", "twitch", "id-a", "partner", None, None, datetime(2020, 5, 6), FIRST, NEWEST, NEWEST)
    ]


def test_measures_of_one_day_and_their_coverage(run):
    assert rows_of(streamers.summarize(run, "a", TODAY)) == [(60.0, 120.0, 140, 30.0, 1, 0.5)]


def test_the_average_of_several_days_is_weighted_by_the_time_covered(run):
    assert rows_of(streamers.summarize(run, "a", BOTH_DAYS)) == [(70.0, 70.0, 140, 60.0, 2, 0.5)]


def test_a_streamer_without_days_has_no_measures(run):
    assert streamers.summarize(run, "c", BOTH_DAYS).empty


def test_viewers_at_each_sample(run):
    assert rows_of(streamers.viewers_over_time(run, "a", TODAY)) == [(FIRST, 100), (BEFORE, 140), (NEWEST, 120)]
    assert streamers.viewers_over_time(run, "a", Period(DAY_BEFORE, DAY_BEFORE)).empty


def test_days_of_a_streamer(run):
    assert rows_of(streamers.list_days(run, "a", BOTH_DAYS)) == [
        (DAYS[0], 10.0, 20.0, 30, 30.0, 1),
        (DAYS[1], 60.0, 120.0, 140, 30.0, 1),
    ]


def test_broadcasts_that_were_polled_tell_their_coverage(run):
    begin = datetime(2026, 3, 2, 9, 30)
    assert rows_of(streamers.list_sessions(run, "a", TODAY)) == [
        ("stream-a", begin, NEWEST, 30.0, 60.0, 120.0, 140, 0.5)
    ]


def test_broadcasts_that_the_logs_tell_have_none(run):
    assert rows_of(streamers.list_sessions(run, "l", BOTH_DAYS)) == [
        ("log-2", datetime(2026, 3, 2, 8), datetime(2026, 3, 2, 9), 60.0, 2.0, 2.0, 20, None),
        ("log-1", datetime(2026, 3, 1, 20), datetime(2026, 3, 1, 22), 120.0, 20.0, 10.0, 44, None),
    ]


def test_categories_of_a_streamer(run):
    assert rows_of(streamers.list_games(run, "a", TODAY)) == [
        ("Chess", 40.0, 15.0, 160.0),
        ("no category", 20.0, 15.0, 80.0),
    ]


def test_names_and_titles_are_told_the_newest_first(run):
    assert rows_of(streamers.list_names(run, "a")) == [
        ("Anna", "anna", "partner", BEFORE, None),
        ("Annabel", "annabel", "partner", FIRST, BEFORE),
    ]
    assert rows_of(streamers.list_titles(run, "a", BOTH_DAYS)) == [
        ("hello", "Chess", "en", FIRST, None),
        ("+1 for me", "Chess", "en", datetime(2026, 2, 1), FIRST),
    ]


def test_gifts_that_were_taken_back_do_not_count(run):
    assert rows_of(streamers.list_gifts(run, "l", BOTH_DAYS)) == [(DAYS[0], 18, 3, 1)]


def test_followers_add_up(run):
    assert rows_of(streamers.list_follower_changes(run, "l", BOTH_DAYS)) == [(DAYS[0], 5, 5), (DAYS[1], -2, 3)]


def test_activities_of_a_streamer(run):
    found = rows_of(streamers.list_activities(run, "a", TODAY))
    assert found == [(FIRST, "stream_started", '{"stream_id":"stream-a"}', 1)]
    assert streamers.list_activities(run, "b", TODAY).empty
