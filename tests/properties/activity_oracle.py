"""What the activity streams must hold, computed in plain Python from facts, without transforms/.

Written from SEMANTICS §4, person by person and, for those at risk, day by day: slow, and easy to follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.properties.activity_event import Event, Facts, Row, Rules, group_by
from tests.properties.activity_world import hashed
from tests.properties.lifecycle_oracle import at_risk, streamer_amounts, viewer_amounts

CENT = Decimal("0.01")


def streamer_stream(facts: Facts, rules: Rules) -> list[Event]:
    """streamer_activity."""
    persons = _persons(facts, rules)
    events = _named(_streamer_events(facts, rules), persons)
    amounts = [
        amount for of_person in group_by(events, lambda e: e.person) for amount in streamer_amounts(of_person, rules)
    ]
    return numbered([*events, *amounts, *at_risk(events)])


def viewer_stream(facts: Facts, rules: Rules) -> list[Event]:
    """viewer_activity."""
    events = _named(_viewer_events(facts, rules), _persons(facts, rules))
    amounts = [
        amount for of_person in group_by(events, lambda e: e.person) for amount in viewer_amounts(of_person, rules)
    ]
    return numbered([*events, *amounts])


def numbered(events: Iterable[Event]) -> list[Event]:
    """The events with their occurrence and the time of the next."""
    found = []
    for of_activity in group_by(events, lambda e: (e.activity, e.person)):
        in_order = sorted(of_activity, key=lambda e: e.order)
        following = [*[event.ts for event in in_order[1:]], None]
        found += [
            replace(event, occurrence=number, repeated_at=again)
            for number, (event, again) in enumerate(zip(in_order, following, strict=True), start=1)
        ]
    return found


def _persons(facts: Facts, rules: Rules) -> Callable[[str, str, bool], tuple[str | None, str | None]]:
    """Customer and anonymous customer of an id of a platform."""
    newest: dict[str, tuple[Any, str | None]] = {}
    for link in facts.get("stg_identity_links", []):
        name = f"{rules.first(link['platform'])}:{link['anonymous_id']}"
        platform = rules.first(link["customer_platform"] or link["platform"])
        customer = None if link["customer_id"] is None else f"{platform}:{link['customer_id']}"
        age = (link["linked_at"], link["snapshot_at"])
        if name not in newest or age > newest[name][0]:
            newest[name] = (age, customer)
    links = {name: customer for name, (_, customer) in newest.items() if customer is not None}

    def person(platform: str, identifier: str, is_anonymous: bool) -> tuple[str | None, str | None]:
        own = None if identifier == "" else f"{rules.first(platform)}:{identifier}"
        customer, passed = own, []
        while customer in links and customer not in passed:
            passed.append(customer)
            customer = links[customer]
        if customer in passed:
            customer = min(passed[passed.index(customer) :])
        if is_anonymous:
            return (customer if own in links else None), own
        return customer, None

    return person


def _named(events: Iterable[tuple[Row, Event]], person: Callable[..., Any]) -> list[Event]:
    found = []
    for owner, event in events:
        identifier = owner["streamer_id"] if "owner_is_streamer" in owner else owner["user_id"]
        customer, anonymous = person(owner["platform"], identifier, owner.get("is_shared", False))
        if customer or anonymous:
            found.append(replace(event, customer=customer, anonymous=anonymous, platform=owner["platform"]))
    return found


def _event(name: str, row: Row, key: Sequence[str], ts: Any, features: dict[str, Any], revenue: Any = None) -> Event:
    at = ts if isinstance(ts, datetime) else datetime.combine(ts, time())
    return Event(hashed(name, row["platform"], *key), at, None, None, name, features, revenue)


def _streamer_events(facts: Facts, rules: Rules) -> Iterable[tuple[Row, Event]]:
    yield from (({**row, "owner_is_streamer": True}, event) for row, event in _deeds_of_streamers(facts, rules))


def _deeds_of_streamers(facts: Facts, rules: Rules) -> Iterable[tuple[Row, Event]]:
    broadcasts = [_logged(row) for row in facts.get("fact_live_streams", [])]
    broadcasts += [_polled(row) for row in facts.get("fact_stream_sessions", [])]
    seen_by = {
        kind: [row[kind] for row in facts.get("fact_stream_sessions", []) if row[kind]]
        for kind in ("last_polled_at", "last_sampled_at")
    }
    for row in broadcasts:
        kind = {name: row[name] for name in ("streamer_type", "is_private", "is_show", "culture_group")}
        features = {"stream_id": row["stream_id"], **kind}
        yield row, _event("stream_started", row, [row["stream_id"]], row["begin"], features)
        is_over = row["end"] is not None
        if row["platform"] == "twitch":
            limit = row["end"] + rules.gap_cap
            is_over = any(limit < at for at in seen_by["last_polled_at"])
            is_over |= row["last_sampled_at"] is not None and any(limit < at for at in seen_by["last_sampled_at"])
        if is_over:
            yield row, _event("stream_ended", row, [row["stream_id"]], row["end"], row["result"])
    for of_streamer in group_by(broadcasts, lambda row: row["streamer_key"]):
        yield from _went_live(of_streamer, rules)
    for row in facts.get("fact_gifts", []):
        features = {"user_id": row["user_id"], **_gift_features(row)}
        yield (
            row,
            _event("gift_received", row, [row["gift_transaction_id"]], row["gifted_at"], features, _value(row, rules)),
        )
    for versions in group_by(facts.get("channel_history", []), lambda row: row["streamer_key"]):
        in_order = sorted(versions, key=lambda row: row["valid_from"])
        for before, row in zip(in_order, in_order[1:], strict=False):
            yield from _changes(before, row)


def _logged(row: Row) -> Row:
    seconds = row["total_viewer_seconds"]
    result = {
        "stream_id": row["stream_id"],
        "duration_seconds": row["duration_seconds"],
        "hours_watched": None if seconds is None else seconds / 3600,
    }
    names = (
        "max_viewers",
        "unique_viewers",
        "like_count",
        "comment_count",
        "follow_change",
        "receive_points",
        "close_by",
    )
    result |= {name: row.get(name) for name in names}
    kind = {name: row.get(name) for name in ("is_private", "is_show", "culture_group")}
    kind["streamer_type"] = None if row["streamer_type"] is None else str(row["streamer_type"])
    until = row["ended_at"] or row["started_at"]
    return {**row, **kind, "begin": row["started_at"], "end": row["ended_at"], "live_until": until, "result": result}


def _polled(row: Row) -> Row:
    begin = row["started_at"] or row["first_seen_at"]
    end = max(begin, row["last_seen_at"])
    unknown = ("unique_viewers", "like_count", "comment_count", "follow_change", "receive_points", "close_by")
    result = {
        "stream_id": row["stream_id"],
        "duration_seconds": int((end - begin).total_seconds()),
        "max_viewers": row["peak_viewers"],
        "hours_watched": row["hours_watched"],
        **dict.fromkeys(unknown),
    }
    kind = dict.fromkeys(("streamer_type", "is_private", "is_show", "culture_group"))
    until = row["last_seen_at"]
    return {**row, **kind, "begin": begin, "end": end, "live_until": until, "result": result}


def _went_live(broadcasts: list[Row], rules: Rules) -> Iterable[tuple[Row, Event]]:
    live_until: datetime | None = None
    for row in sorted(broadcasts, key=lambda row: (row["begin"], row["stream_id"])):
        offline = None if live_until is None else int((row["begin"] - live_until).total_seconds())
        if offline is None or offline > rules.gap_cap.total_seconds():
            features = {"stream_id": row["stream_id"], "offline_seconds": offline}
            yield row, _event("went_live", row, [row["stream_id"]], row["begin"], features)
        live_until = row["live_until"] if live_until is None else max(live_until, row["live_until"])


def _gift_features(row: Row) -> dict[str, Any]:
    names = ("gift_transaction_id", "gift_id", "gift_name", "points", "is_cancelled", "is_anonymous")
    return {name: row[name] for name in (*names, "transaction_type", "stream_id")}


def _value(gift: Row, rules: Rules) -> Decimal | None:
    if rules.point_value is None:
        return None
    return ((-1 if gift["is_cancelled"] else 1) * gift["points"] * rules.point_value).quantize(CENT)


def _changes(before: Row, row: Row) -> Iterable[tuple[Row, Event]]:
    if before["title"] != row["title"]:
        features = {"stream_id": row["stream_id"], "from_title": before["title"], "to_title": row["title"]}
        yield row, _event("changed_title", row, [row["version_key"]], row["valid_from"], features)
    if before["game_id"] != row["game_id"]:
        features = {"stream_id": row["stream_id"]}
        for side, version in (("from", before), ("to", row)):
            features |= {f"{side}_game_id": version["game_id"], f"{side}_game_name": version["game_name"]}
        yield row, _event("changed_category", row, [row["version_key"]], row["valid_from"], features)


def _viewer_events(facts: Facts, rules: Rules) -> Iterable[tuple[Row, Event]]:
    for row in facts.get("fact_gifts", []):
        features = {"streamer_id": row["streamer_id"], **_gift_features(row)}
        shared = {**row, "is_shared": row["is_anonymous"]}
        yield (
            shared,
            _event("gift_sent", row, [row["gift_transaction_id"]], row["gifted_at"], features, _value(row, rules)),
        )
    for row in facts.get("fact_payments", []):
        if not row["amount"]:  # a payment of 0 is neither a payment nor a refund
            continue
        features = {name: row[name] for name in ("payment_id", "amount", "is_refund")}
        yield row, _event("payment_made", row, [row["payment_id"]], row["payment_date"], features, row["amount"])
    for of_day in group_by(
        facts.get("stg_billing_viewing_activity", []), lambda row: (row["user_id"], row["watch_date"])
    ):
        row = max(of_day, key=lambda row: row["snapshot_at"])
        key, features = [row["user_id"], str(row["watch_date"])], {"hours_watched": row["hours_watched"]}
        yield row, _event("watched", row, key, row["watch_date"], features)
    for versions in group_by(facts.get("subscriptions_history_check", []), lambda row: row["subscription_id"]):
        yield from _subscription(sorted(versions, key=lambda row: row["valid_from"]), rules)


def _subscription(versions: list[Row], rules: Rules) -> Iterable[tuple[Row, Event]]:
    row, name = versions[-1], versions[0]["subscription_id"]
    end = None if row["end_date"] is None else datetime.combine(row["end_date"] + timedelta(days=1), time())
    over = min([at for at in (end, row["valid_from"] if row["is_deleted"] else None) if at], default=None)
    months = 12 if row["billing_period"] == "yearly" else 1
    number, day = 1, row["start_date"]
    while day <= rules.today and (over is None or datetime.combine(day, time()) < over):
        features = {"subscription_id": name, **_price(versions, datetime.combine(day, time()))}
        activity = "subscription_started" if number == 1 else "subscription_renewed"
        if number > 1:
            features["period_number"] = number
        yield row, _event(activity, row, [name, str(number)], day, features)
        number, day = number + 1, _months_later(row["start_date"], number * months)
    if over and over.date() <= rules.today and over > datetime.combine(row["start_date"], time()):
        features = {"subscription_id": name, "is_deleted": over != end, **_price(versions, over)}
        yield row, _event("subscription_cancelled", row, [name, "0"], over, features)


def _price(versions: list[Row], at: datetime) -> dict[str, Any]:
    held = [version for version in versions if version["valid_from"] <= at] or versions[:1]
    return {name: held[-1][name] for name in ("monthly_price", "billing_period")}


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    after = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (after - timedelta(days=1)).day))
