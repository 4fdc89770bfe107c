"""What the queries of the other pages give of the known warehouse, whole frames."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from deployments.dashboard.queries import freshness, games, growth, operations, product, revenue
from deployments.dashboard.queries.period import Period
from tests.dashboard.conftest import rows_of
from tests.dashboard.known_audience import BEFORE, DAY, DAY_BEFORE, FIRST, NEWEST

TODAY, BOTH_DAYS = Period(DAY, DAY), Period(DAY_BEFORE, DAY)
MONTHS = Period(date(2026, 1, 15), date(2026, 2, 3))
SUNDAY, MONDAY = datetime(2026, 3, 1), datetime(2026, 3, 2)
JANUARY, FEBRUARY = datetime(2026, 1, 1), datetime(2026, 2, 1)
WEEK_BEFORE = datetime(2026, 2, 23)


def test_categories_by_what_was_watched(run):
    assert rows_of(games.list_games(run, BOTH_DAYS)) == [
        ("chess", "Chess", 90.0, 90.0, 210, 60.0, 2),
        ("golf", "Golf", 15.0, 30.0, 30, 30.0, 1),
    ]


def test_measures_of_all_categories_and_of_one(run):
    columns = ["hours_watched", "avg_viewers", "airtime_minutes", "streams_started", "peak_viewers", "coverage"]
    found = games.summarize(run, None, TODAY)
    assert list(found.columns) == columns
    assert rows_of(found) == [(105.0, 70.0, 90.0, 3, 240, 0.5)]
    assert rows_of(games.summarize(run, "golf", TODAY)) == [(15.0, 30.0, 30.0, 1, 30, None)]
    assert games.summarize(run, "nothing", TODAY).empty


def test_viewers_and_days_of_a_category(run):
    assert rows_of(games.viewers_over_time(run, "golf", TODAY)) == [(BEFORE, 30, 1), (NEWEST, 30, 1)]
    assert rows_of(games.viewers_over_time(run, None, TODAY))[0] == (FIRST, 150, 2)
    assert rows_of(games.list_days(run, None, TODAY)) == [(MONDAY, 105.0, 70.0, 90.0, 3)]
    assert rows_of(games.list_days(run, "golf", TODAY)) == [(MONDAY, 15.0, 30.0, 30.0, 1)]


def test_streamers_of_a_category(run):
    assert rows_of(games.list_streamers(run, "chess", TODAY)) == [("a", "Anna", 40.0, 15.0)]
    assert rows_of(games.list_streamers(run, None, TODAY)) == [("a", "Anna", 60.0, 30.0)]


def test_hours_of_the_week_are_averages_and_the_channel_in_the_middle(run):
    viewers = (150 + 230 + 240) / 3
    assert rows_of(games.list_hours_of_the_week(run, None, TODAY)) == [(1, 10, viewers, 8 / 3, 75.0)]
    assert rows_of(games.list_hours_of_the_week(run, "golf", TODAY)) == [(1, 10, 30.0, 1.0, 30.0)]


def test_growth_by_day_and_the_week_that_a_day_lies_in(run):
    assert rows_of(growth.list_accounts(run, "viewer", "day", TODAY)) == [(MONDAY, 4, 1, 2, 1, 1, 2.0, True, -1)]
    assert rows_of(growth.list_accounts(run, "viewer", "week", BOTH_DAYS)) == [
        (WEEK_BEFORE, 3, 3, 0, 0, 0, None, True, 0),
        (MONDAY, 4, 1, 2, 1, 1, 2.0, True, -1),
    ]
    assert growth.list_accounts(run, "streamer", "day", BOTH_DAYS).empty


def test_cohorts_leave_out_what_is_not_over(run):
    assert rows_of(growth.list_cohorts(run, "viewer", "week", BOTH_DAYS)) == [
        (WEEK_BEFORE, 0, 4, 4, 1.0, None),
        (WEEK_BEFORE, 1, 4, 3, 0.75, None),
    ]
    assert growth.list_cohorts(run, "viewer", "week", TODAY).empty


def test_activities_by_how_often_they_were_done(run):
    assert rows_of(growth.list_activities(run, "viewer", TODAY)) == [("watched", 2, 1), ("gift_sent", 1, 1)]
    assert rows_of(growth.list_activities(run, "streamer", TODAY)) == [("stream_started", 1, 1)]


def test_movements_of_the_months_that_the_days_touch(run):
    found = revenue.list_movements(run, "customer", MONTHS)
    assert rows_of(found) == [
        (JANUARY, 0.0, 30.0, 0.0, 0.0, 0.0, 0.0, 30.0, 2, None, None, 15.0, 0.0, 0.0),
        (FEBRUARY, 30.0, 20.0, 0.0, 5.0, 3.0, 12.0, 40.0, 3, 20 / 30, 0.5, 13.33, -3.0, -12.0),
    ]
    assert revenue.list_movements(run, "subscription", MONTHS).empty


def test_the_steps_of_a_month_lead_from_opening_to_closing(run):
    found = rows_of(revenue.list_steps(run, "customer", "2026-02-01"))
    assert found == [
        ("opening", 30.0),
        ("new", 20.0),
        ("reactivation", 0.0),
        ("expansion", 5.0),
        ("contraction", -3.0),
        ("churned", -12.0),
        ("closing", 40.0),
    ]
    assert sum(amount for _, amount in found[:-1]) == found[-1][1]


def test_revenue_and_active_users_of_the_months(run):
    assert rows_of(revenue.list_months(run, MONTHS)) == [
        (JANUARY, 30.0, 0.0, 2, 2, 15.0),
        (FEBRUARY, 44.5, 5.5, 4, None, None),
    ]
    assert rows_of(revenue.list_active_users(run, MONTHS)) == [(JANUARY, 2, 5), (FEBRUARY, None, 6)]


def test_active_users_of_the_days_and_of_the_week_and_month_that_they_lie_in(run):
    assert rows_of(product.list_active_users(run, TODAY)) == [("day", MONDAY, 5, 1.0), ("month", SUNDAY, 8, 0.25)]
    assert rows_of(product.list_active_users(run, BOTH_DAYS)) == [
        ("day", SUNDAY, 3, 1.0),
        ("day", MONDAY, 5, 1.0),
        ("month", SUNDAY, 8, 0.25),
        ("week", WEEK_BEFORE, 6, 0.5),
    ]


def test_sessions_events_and_the_round_trip(run):
    assert rows_of(product.list_sessions(run, TODAY)) == [(MONDAY, 3, 1, 3.0)]
    assert rows_of(product.list_top_events(run, TODAY)) == [("opened", 9, 1), ("page_viewed", 7, 2)]
    assert rows_of(product.list_round_trip(run, TODAY)) == [(MONDAY, 16, 2, 2, 4)]


def test_freshness_and_loads(run):
    later = timedelta(minutes=2)
    assert rows_of(operations.list_freshness(run)) == [
        ("raw_twitch_streams", NEWEST, NEWEST + later, 2, 7),
        ("raw_billing_payments", datetime(2026, 3, 1, 4), datetime(2026, 3, 1, 4, 2), 1, 10),
    ]
    assert rows_of(operations.list_loads(run, BOTH_DAYS)) == [
        (SUNDAY, "billing", 1, 10, 0),
        (MONDAY, "twitch", 2, 7, 1),
    ]
    assert rows_of(freshness.list_ages(run)) == [
        ("billing", datetime(2026, 3, 1, 4), datetime(2026, 3, 1, 4, 2)),
        ("twitch", NEWEST, NEWEST + later),
    ]


def test_quarantine_tells_what_was_repaired(run):
    assert rows_of(operations.list_quarantine(run)) == [
        ("stg_twitch_streams", "time", 2, 1, datetime(2026, 3, 2, 9), "reason q2")
    ]


def test_validations_and_the_rules_that_still_do_not_hold(run):
    eight, nine = datetime(2026, 3, 2, 8), datetime(2026, 3, 2, 9)
    assert rows_of(operations.list_validations(run, TODAY)) == [(eight, "r1", 0, 1, 1), (nine, "r2", 1, 1, 0)]
    assert rows_of(operations.list_failed_rules(run)) == [("warning", "dim_games", "name", "name in r2", nine)]


def test_runs_and_their_parts(run):
    assert rows_of(operations.list_runs(run, TODAY)) == [
        (datetime(2026, 3, 2, 9), "pipeline", "completed", 90.0, "done", "r2"),
        (datetime(2026, 3, 2, 8), "pipeline", "failed", 90.0, "done", "r1"),
    ]
    assert rows_of(operations.list_parts(run, "r2")) == [("build", "dim_games", 9, 1.25), ("load", "", 6, 0.5)]
    assert operations.list_parts(run, "r1").empty


def test_publications_count_with_their_newest_attempt(run):
    assert rows_of(operations.list_publications(run, TODAY)) == [
        ("amplitude", "rejected", 1, datetime(2026, 3, 2, 9, 1), "too large"),
        ("amplitude", "sent", 1, datetime(2026, 3, 2, 9, 2), None),
    ]


def test_the_lag_is_that_of_the_newest_batch_of_each_partition(run):
    assert rows_of(operations.list_lag(run)) == [
        ("samples", 0, 3, 100, datetime(2026, 3, 2, 9, 1)),
        ("samples", 1, 0, 100, datetime(2026, 3, 2, 9, 2)),
    ]


def test_every_subject_has_its_days(run):
    days = {
        "streams": (SUNDAY, MONDAY),
        "games": (MONDAY, MONDAY),
        "growth": (SUNDAY, MONDAY),
        "revenue": (JANUARY, FEBRUARY),
        "product": (MONDAY, MONDAY),
        "operations": (SUNDAY, MONDAY),
    }
    assert {subject: rows_of(freshness.read_span(run, subject))[0] for subject in days} == days
