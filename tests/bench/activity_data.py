"""The events and the questions of the activity bench, in words that DuckDB and Snowflake both read."""

from __future__ import annotations

from dataclasses import dataclass

PER_STREAMER = 100


def events_query(events: int, counted: str, json: str) -> str:
    """SELECT of a streamer_activity table.

    Every streamer has an event in each of a hundred spans of four days: streams, gifts, one activation and one
    popularity.

    Args:
        events: How many rows.
        counted: SELECT of i from 0 on, with `{count}` for how many.
        json: Function that makes a text an object.
    """
    streamers = events // PER_STREAMER
    placed = (
        f"SELECT CAST(i AS BIGINT) AS i, CAST(i % {streamers} AS BIGINT) AS e, "
        f"CAST(FLOOR(i / {streamers}) AS BIGINT) AS k FROM ({counted.format(count=events)}) AS counted"
    )
    kind = (
        "CASE WHEN k = 42 THEN 'streamer_activated' WHEN k = 81 THEN 'popular_streamer' "
        "WHEN k % 4 = 0 THEN 'stream_started' ELSE 'gift_received' END"
    )
    deeds = (
        "SELECT MD5(CAST(i AS VARCHAR)) AS activity_id, "
        "DATEADD('hour', CAST(k * 96 + (i * 7919) % 96 AS INT), CAST('2023-01-01' AS TIMESTAMP)) AS ts, "
        "'twitch:' || CAST(1000000 + e AS VARCHAR) AS customer, CAST(NULL AS VARCHAR) AS anonymous_customer_id, "
        f"{kind} AS activity, "
        f"""{json}('{{"stream_id":"' || CAST(k AS VARCHAR) || '","points":' || CAST((i * 31) % 1000 AS VARCHAR) """
        """|| '}') AS feature_json, """
        "CAST(NULL AS DECIMAL(18, 2)) AS revenue_impact, CAST(NULL AS VARCHAR) AS link "
        f"FROM ({placed}) AS placed"
    )
    if json == "json":
        deeds = deeds.replace("DATEADD('hour', CAST(k * 96 + (i * 7919) % 96 AS INT), ", "(").replace(
            "CAST('2023-01-01' AS TIMESTAMP))",
            "CAST('2023-01-01' AS TIMESTAMP) + to_hours(CAST(k * 96 + (i * 7919) % 96 AS INT)))",
        )
        deeds = deeds.replace("json('", "CAST(('").replace("|| '}')", "|| '}') AS JSON)")
    per_person = "OVER (PARTITION BY activity, customer ORDER BY ts, activity_id)"
    return (
        f"SELECT *, CAST(ROW_NUMBER() {per_person} AS BIGINT) AS activity_occurrence, "
        f"LEAD(ts) {per_person} AS activity_repeated_at, customer AS person, 'bench' AS _build_id "
        f"FROM ({deeds}) AS deeds"
    )


@dataclass(frozen=True)
class Question:
    """One question, as our text and as SQL.

    Args:
        name: What it asks.
        text: In our language.
        sql: For DuckDB, of the table `stream`.
        values: The columns that are compared, beside how many rows there are.
    """

    name: str
    text: str
    sql: str
    values: tuple[str, ...]

    def summary(self, table: str) -> str:
        """SELECT of one row that tells the answer's rows, and the count and sum of each value, or how many ids."""
        sums = [_total(value) for value in self.values]
        told = [part for value, total in zip(self.values, sums, strict=True) for part in (f"COUNT({value})", total)]
        return f"SELECT COUNT(*), {', '.join(f'CAST({one} AS DOUBLE)' for one in told)} FROM {table}"


def _total(value: str) -> str:
    if value.endswith("_id"):
        return f"COUNT(DISTINCT {value})"
    if value.endswith("_at"):
        return f"SUM(CAST(DATEDIFF('second', CAST('2023-01-01' AS TIMESTAMP), {value}) AS BIGINT))"
    return f"ROUND(SUM({value}), 2)"


_STARTED = "activity = 'stream_started'"
_GIFT = "activity = 'gift_received'"
_FIRST_STREAMS = f"SELECT activity_id, customer, ts FROM stream WHERE {_STARTED} AND activity_occurrence = 1"
_GIFTS = f"SELECT customer, ts FROM stream WHERE {_GIFT}"

QUESTIONS = (
    Question(
        "first gift within 7 days of the first stream",
        "first stream_started append first gift_received after within 7 days take ts as gift_at",
        f"SELECT s.activity_id, s.customer, s.ts, min(g.ts) AS gift_at FROM ({_FIRST_STREAMS}) s "
        f"LEFT JOIN ({_GIFTS}) g ON g.customer = s.customer AND g.ts > s.ts AND g.ts <= s.ts + INTERVAL 7 DAY "
        "GROUP BY ALL",
        ("gift_at",),
    ),
    Question(
        "streams before activation",
        "first streamer_activated append aggregate stream_started before take count() as streams",
        "SELECT a.activity_id, a.customer, a.ts, count(s.ts) AS streams FROM "
        "(SELECT * FROM stream WHERE activity = 'streamer_activated' AND activity_occurrence = 1) a "
        f"LEFT JOIN (SELECT customer, ts FROM stream WHERE {_STARTED}) s ON s.customer = a.customer AND s.ts < a.ts "
        "GROUP BY ALL",
        ("streams",),
    ),
    Question(
        "days between first and second gift",
        "first gift_received append nth 2 gift_received ever take days_between as days, points as points",
        "SELECT f.activity_id, f.customer, f.ts, epoch(s.ts - f.ts) / 86400 AS days, "
        "CAST(s.feature_json->>'points' AS BIGINT) AS points "
        f"FROM (SELECT * FROM stream WHERE {_GIFT} AND activity_occurrence = 1) f "
        f"LEFT JOIN (SELECT * FROM stream WHERE {_GIFT} AND activity_occurrence = 2) s ON s.customer = f.customer",
        ("days", "points"),
    ),
    Question(
        "funnel: stream, gift, popular",
        "first stream_started append first gift_received after take ts as gift_at, points as points "
        "append first popular_streamer after take ts as popular_at",
        f"WITH s AS ({_FIRST_STREAMS}), g AS (SELECT s.customer, min(g.ts) AS gift_at, "
        "arg_min(g.feature_json, (g.ts, g.activity_id)) AS gift FROM s "
        f"JOIN stream g ON g.customer = s.customer AND g.ts > s.ts AND g.{_GIFT} GROUP BY ALL) "
        "SELECT s.activity_id, s.customer, s.ts, gift_at, CAST(gift->>'points' AS BIGINT) AS points, "
        "min(p.ts) AS popular_at FROM s LEFT JOIN g ON g.customer = s.customer LEFT JOIN stream p "
        "ON p.activity = 'popular_streamer' AND p.customer = s.customer AND p.ts > s.ts GROUP BY ALL",
        ("gift_at", "points", "popular_at"),
    ),
    Question(
        "retention: streams in each month since the first",
        "every month of stream_started append aggregate stream_started in_between on_or_after take count() as streams",
        f"WITH s AS (SELECT customer, date_trunc('month', ts) AS ts, count(*) AS streams FROM stream WHERE {_STARTED} "
        "GROUP BY ALL), f AS (SELECT customer, range(min(ts), (SELECT max(ts) FROM stream), INTERVAL 1 MONTH) "
        "AS months FROM s GROUP BY customer), "
        "m AS (SELECT customer, unnest(months) AS ts, generate_subscripts(months, 1) AS occurrence FROM f) "
        # A month of a customer is no row of the stream, so its id must be made, as ours is: half of the work.
        "SELECT md5('5:month' || length(customer) || ':' || customer || '5:' || epoch(m.ts)::BIGINT // 86400) "
        "AS activity_id, customer, m.ts, occurrence, coalesce(streams, 0) AS streams "
        "FROM m LEFT JOIN s USING (customer, ts)",
        ("activity_id", "occurrence", "streams"),
    ),
    Question(
        "gifts before each stream: last, count, points",
        "all stream_started append last gift_received before take ts as gift_at "
        "append aggregate gift_received before take count() as gifts, sum(points) as points",
        "WITH line AS (SELECT activity_id, customer, ts, 0 AS is_gift, 0 AS points FROM stream "
        f"WHERE {_STARTED} UNION ALL SELECT NULL, customer, ts, 1, CAST(feature_json->>'points' AS BIGINT) FROM stream "
        f"WHERE {_GIFT}) SELECT activity_id, customer, ts, max(CASE WHEN is_gift = 1 THEN ts END) OVER w AS gift_at, "
        "sum(is_gift) OVER w AS gifts, sum(points) OVER w AS points FROM line "
        "WINDOW w AS (PARTITION BY customer ORDER BY ts, is_gift ROWS UNBOUNDED PRECEDING) "
        "QUALIFY activity_id IS NOT NULL",
        ("gift_at", "gifts", "points"),
    ),
)
