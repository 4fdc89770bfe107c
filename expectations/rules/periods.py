"""Rules and SQL on days, weeks and months that are named by their first day."""

from __future__ import annotations

from expectations.rules.rule import Lookup, Rule, critical


def first_day(day: str) -> str:
    """Write the SQL for the first day of the period, of the row's kind, that holds the day; weeks begin on Monday."""
    return (
        f"(case period when 'month' then date_trunc('month', {day}) "
        f"when 'week' then dateadd(day, 1 - dayofweekiso({day}), {day}) else {day} end)::date"
    )


def periods_later(count: str, start: str) -> str:
    """Write the SQL for the first day of the period that is so many later."""
    return (
        f"(case period when 'month' then dateadd(month, {count}, {start}) "
        f"when 'week' then dateadd(day, 7 * ({count}), {start}) else dateadd(day, {count}, {start}) end)::date"
    )


def first_of_period(*columns: str) -> Rule:
    """Periods are named by their first day."""
    return critical(
        f"{' and '.join(columns)} {'is' if len(columns) == 1 else 'are'} the first of a period",
        " or ".join(f"{column} <> {first_day(column)}" for column in columns),
        "periods are joined and grouped by their first day",
        *("period", *columns),
    )


def newest_day_in(table: str) -> Lookup:
    """Return the newest day of each kind of customer, from the table's own days."""
    return Lookup(
        "reach",
        f"select customer_kind, max(period_start) as newest_day from {{{table}}} where period = 'day' "
        "group by customer_kind",
        ("newest_day",),
        "reach.customer_kind = t.customer_kind",
    )


def streamers_only(*counted: str) -> Rule:
    """Only streamers' acts are streams."""
    of_viewers = " and ".join(f"{name} is not null" for name in counted) or "true"
    return critical(
        "streams are counted of streamers only",
        f"(stream_count is not null) <> (customer_kind = 'streamer' and {of_viewers})",
        "a viewer's acts name no stream in common, and 0 would say that there was none",
        *("customer_kind", "stream_count"),
    )
