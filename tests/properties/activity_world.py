"""A small world of streamers and viewers: facts that tie, arrive late, repeat and are corrected, and links between ids.

Everything that is a fact of the world arrives in one of a few runs; some facts arrive wrong first. `World.after(run)`
is what the facts say when a run is over.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from transforms.activity.definitions.activity import Thresholds

Row = dict[str, Any]
DAY_0 = datetime(2023, 9, 1)
RUNS = 3
SPACES = (("billing", "livelogs"), ("twitch", "elsewhere"))
POINT_VALUE = Decimal("0.05")
THRESHOLDS = Thresholds(popular_gifts=4, super_fan_gifts=2, popular_viewers=400, popular_followers=20)
ANONYMOUS = "anonymous"


def hashed(*parts: str | None) -> str:
    """The hash of a list of values, each spelled with its length."""
    return hashlib.md5("".join("N" if part is None else f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def microseconds(at: datetime) -> str:
    """Microseconds since 1970, as text."""
    return str((at - datetime(1970, 1, 1)) // timedelta(microseconds=1))


@dataclass
class World:
    """Facts by table, each with the run in which it arrived and the one in which it was corrected."""

    facts: dict[str, list[tuple[int, Row, int, Row]]] = field(default_factory=dict)

    def after(self, run: int) -> dict[str, list[Row]]:
        """The facts as they are known when a run is over."""
        return {
            table: [last if run >= corrected else first for arrived, first, corrected, last in facts if run >= arrived]
            for table, facts in self.facts.items()
        }

    def arriving(self, table: str, run: int) -> list[Row]:
        """The facts of a table that a run brings, first and corrected ones."""
        facts = self.facts[table]
        found = [first for arrived, first, _, _ in facts if arrived == run]
        return found + [last for arrived, first, corrected, last in facts if corrected == run and (arrived != run)]


def make_world(random: Random, people: int) -> World:
    """A world of that many streamers and viewers."""
    world = World()
    makers = {
        "fact_live_streams": (_live_stream, 5),
        "fact_stream_sessions": (_session, 3),
        "fact_gifts": (_gift, 8),
        "fact_payments": (_payment, 2),
        "channel_history": (None, 0),
        "subscriptions_history_check": (None, 0),
        "stg_billing_viewing_activity": (_viewing, 2),
        "stg_identity_links": (_link, 1),
    }
    for table, (make, each) in makers.items():
        facts = world.facts.setdefault(table, [])
        for number in range(people * each):
            arrived = random.randrange(RUNS)
            last = make(random, people, number)
            first = {**last, **_wrong(random, table, last, people)} if random.random() < 0.2 else last
            facts.append((arrived, first, random.randint(arrived, RUNS - 1), last))
    world.facts["channel_history"] = [version for number in range(people) for version in _channel(random, number)]
    world.facts["subscriptions_history_check"] = [
        version for number in range(people) for version in _subscription(random, people, number)
    ]
    return world


def _wrong(random: Random, table: str, row: Row, people: int) -> Row:
    """What a fact said before it was corrected: another owner, another time."""
    if table in ("fact_gifts", "fact_payments"):
        return _viewer(random, row["platform"], people)
    if table in ("fact_live_streams", "fact_stream_sessions"):
        return _streamer(random, row["platform"], people)
    return {}


def _at(random: Random) -> datetime:
    """A time within five weeks; whole hours, so that many tie."""
    return DAY_0 + timedelta(days=int(random.triangular(0, 35, 5)), hours=random.choice((0, 6, 6, 18, 23)))


def _streamer(random: Random, platform: str, people: int) -> Row:
    name = f"S{random.randrange(people)}"
    return {"platform": platform, "streamer_id": name, "streamer_key": hashed(platform, name)}


def _viewer(random: Random, platform: str, people: int) -> Row:
    name = f"U{random.randrange(people)}"
    return {"platform": platform, "user_id": name, "user_key": hashed(platform, name)}


def _live_stream(random: Random, people: int, number: int) -> Row:
    begin = _at(random)
    seconds = random.choice((0, 599, 600, 3600, 100_000))
    return {
        **_streamer(random, "livelogs", people),
        "stream_id": f"L{number}",
        "started_at": begin,
        "ended_at": random.choice((begin + timedelta(seconds=seconds),) * 5 + (None,)),
        "duration_seconds": seconds,
        "close_by": "Other",
        "max_viewers": random.choice((0, 10, 399, 400)),
        "unique_viewers": random.choice((None, 0, 49, 50, 600)),
        "follow_change": random.choice((None, -5, 19, 20)),
        "is_show": random.choice((True, False, None)),
        "streamer_type": random.choice((0, 1, 2)),
        "total_viewer_seconds": random.choice((None, 0.0, 1800.0)),
        "like_count": random.randrange(5),
        "comment_count": None,
        "receive_points": 7,
    }


def _session(random: Random, people: int, number: int) -> Row:
    first = _at(random)
    last = first + timedelta(minutes=random.choice((0, 5, 45, 600)))
    polled, sampled = random.choice(((True, False), (True, False), (False, True), (True, True)))
    return {
        **_streamer(random, "twitch", people),
        "stream_id": f"T{number}",
        "started_at": random.choice((first - timedelta(minutes=30), None)),
        "first_seen_at": first,
        "last_seen_at": last,
        "last_polled_at": last if polled else None,
        "last_sampled_at": last if sampled else None,
        "samples": 1,
        "peak_viewers": random.choice((0, 399, 400)),
        "peak_at": first,
        "viewer_ms": 0,
        "covered_ms": 0,
        "hours_watched": random.choice((0.0, 1.5)),
        "airtime_minutes": 0.0,
    }


def _gift(random: Random, people: int, number: int) -> Row:
    who = _viewer(random, "livelogs", people)
    shared = random.choice(("", ANONYMOUS, ANONYMOUS)) if random.random() < 0.2 else None
    if shared is not None:
        who |= {"user_id": shared, "user_key": hashed("livelogs", shared)}
    return {
        **_streamer(random, "livelogs", max(1, people // 3)),
        **who,
        "gift_transaction_id": f"G{number}",
        "gifted_at": _at(random),
        "transaction_type": random.choice(("gift", None)),
        "gift_id": "rose",
        "gift_name": random.choice(("Rose", None)),
        "points": random.choice((0, 1, 99)),
        "is_cancelled": random.random() < 0.2,
        "is_anonymous": shared is not None,
        "stream_id": random.choice(("L0", None)),
        "points_in_stream": 0,
    }


def _payment(random: Random, people: int, number: int) -> Row:
    day = _at(random).date()
    amount = random.choice((Decimal("9.99"), Decimal("-0.01"), Decimal("0.00")))
    who = _viewer(random, "billing", people) if random.random() < 0.9 else None
    return {
        **(who or {"platform": "billing", "user_id": "", "user_key": hashed("billing", "")}),
        "payment_id": f"P{number}",
        "is_before_history": False,
        "payment_date": day,
        "year_month": day.replace(day=1),
        "amount": amount,
        "is_refund": amount < 0,
    }


def _viewing(random: Random, people: int, number: int) -> Row:
    return {
        **_viewer(random, "billing", people),
        "watch_date": _at(random).date(),
        "snapshot_at": DAY_0 + timedelta(days=40 + number),
        "hours_watched": float(random.randrange(4)),
    }


def _link(random: Random, people: int, number: int) -> Row:
    """Links of viewers, of the shared user and of streamers; some are corrected, taken back, or lead on."""
    platform, name = random.choice(
        (
            ("livelogs", f"U{random.randrange(people)}"),
            ("livelogs", ANONYMOUS),
            ("twitch", f"S{random.randrange(people)}"),
        )
    )
    customer = random.choice((f"U{random.randrange(people)}", f"C{random.randrange(3)}", None))
    if name.startswith("S"):
        customer = random.choice((f"S{random.randrange(people)}", None))
    return {
        "platform": platform,
        "anonymous_id": name,
        "customer_platform": random.choice(("billing", None)),
        "customer_id": customer,
        "linked_at": DAY_0 + timedelta(days=random.randrange(3)),
        "snapshot_at": DAY_0 + timedelta(days=50 + number),
    }


def _channel(random: Random, number: int) -> list[tuple[int, Row, int, Row]]:
    """The versions of one channel; all are known at once, in some run."""
    streamer = {"platform": "twitch", "streamer_id": f"S{number}", "streamer_key": hashed("twitch", f"S{number}")}
    cuts = sorted({DAY_0 + timedelta(hours=random.randrange(400)) for _ in range(random.randint(1, 4))})
    arrived, rows = random.randrange(RUNS), []
    before: tuple[Any, ...] | None = None
    for place, begin in enumerate(cuts):
        shown = (random.choice(("a", "b", None)), random.choice(("g1", "")))
        while shown == before:
            shown = (random.choice(("a", "b", None)), random.choice(("g1", "")))
        before = shown
        until = cuts[place + 1] if place + 1 < len(cuts) else None
        rows.append(
            {
                **streamer,
                "stream_id": f"T{place}",
                "title": shown[0],
                "game_id": shown[1],
                "game_name": {"g1": "Chess"}.get(shown[1]),
                "language": "en",
                "valid_from": begin,
                "valid_to": until,
                "is_current": until is None,
                "is_deleted": False,
                "version_key": hashed(streamer["streamer_key"], microseconds(begin)),
                "observed_at_last": begin,
            }
        )
    return [(arrived, row, arrived, row) for row in rows]


def _subscription(random: Random, people: int, number: int) -> list[tuple[int, Row, int, Row]]:
    """One subscription with one version, or with two of which the second has another price or is a deletion."""
    start = date(2023, random.choice((1, 7, 8)), random.choice((1, 15, 31)))
    end = random.choice((None, None, start + timedelta(days=random.choice((0, 40, 200)))))
    told_at, changed_at = datetime(2023, 9, 2), datetime(2023, 10, 20, 12)
    has_second = random.random() < 0.5
    is_deleted = has_second and random.random() < 0.5
    base = {
        **_viewer(random, "billing", people),
        "subscription_id": f"B{number}",
        "start_date": start,
        "end_date": end,
        "billing_period": random.choice(("monthly", "yearly", None)),
        "updated_at": None,
    }

    def version(begin: datetime, until: datetime | None, price: str, deleted: bool) -> Row:
        key = hashed(base["subscription_id"], microseconds(begin))
        times = {"valid_from": begin, "valid_to": until, "observed_at_last": begin, "version_key": key}
        return {**base, **times, "monthly_price": Decimal(price), "is_current": until is None, "is_deleted": deleted}

    rows = [version(told_at, changed_at if has_second else None, "10.00", False)]
    if has_second:
        rows.append(version(changed_at, None, "10.00" if is_deleted else "12.50", is_deleted))
    arrived = random.randrange(RUNS)
    return [(arrived, row, arrived, row) for row in rows]
