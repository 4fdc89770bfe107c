"""What a person's events amount to, in plain Python: firsts, thresholds that are reached, and who is at risk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from tests.properties.activity_event import Event, Rules, group_by
from tests.properties.activity_world import hashed

WEEK = timedelta(days=7)


def _once(name: str, events: Iterable[Event], features: Callable[[Event], dict[str, Any]]) -> list[Event]:
    first = min(events, key=lambda e: e.order, default=None)
    if first is None:
        return []
    return [
        replace(first, activity_id=hashed(name, first.person), activity=name, features=features(first), revenue=None)
    ]


def _chosen(event: Event, *names: str) -> dict[str, Any]:
    return {name: event.features.get(name) for name in names}


def streamer_amounts(events: list[Event], rules: Rules) -> list[Event]:
    limits = rules.thresholds
    ended = [e for e in events if e.activity == "stream_ended"]
    gifts = sorted(
        (e for e in events if e.activity == "gift_received" and not e.features["is_cancelled"]), key=lambda e: e.order
    )

    def at_least(event: Event, name: str, least: int) -> bool:
        return (event.features[name] or 0) >= least and event.features[name] is not None

    def why_activated(event: Event) -> dict[str, Any]:
        reason = "gift" if event.activity == "gift_received" else "viewers"
        return {"reason": reason, **_chosen(event, "stream_id", "unique_viewers")}

    def why_popular(event: Event) -> dict[str, Any]:
        shown = _chosen(event, "stream_id", "max_viewers", "follow_change")
        if event.activity == "gift_received":
            return {"reason": "gifts", **shown, "gift_count": limits.popular_gifts}
        reason = "viewers" if at_least(event, "max_viewers", limits.popular_viewers) else "followers"
        return {"reason": reason, **shown, "gift_count": None}

    long = [e for e in ended if at_least(e, "duration_seconds", limits.first_stream_minutes * 60)]
    watched = [e for e in ended if at_least(e, "unique_viewers", limits.activation_viewers)]
    liked = [
        e
        for e in ended
        if at_least(e, "max_viewers", limits.popular_viewers) or at_least(e, "follow_change", limits.popular_followers)
    ]
    nth = gifts[limits.popular_gifts - 1 : limits.popular_gifts]
    return [
        *_once("first_stream_completed", long, lambda e: _chosen(e, "stream_id", "duration_seconds")),
        *_once("streamer_activated", [*gifts, *watched], why_activated),
        *_once("popular_streamer", [*liked, *nth], why_popular),
    ]


def viewer_amounts(events: list[Event], rules: Rules) -> list[Event]:
    gifts = [
        e
        for e in events
        if e.activity == "gift_sent" and not e.features["is_cancelled"] and not e.features["is_anonymous"]
    ]
    least = rules.thresholds.super_fan_gifts
    nth = []
    for of_streamer in group_by(gifts, lambda e: (e.platform, e.features["streamer_id"])):
        nth += sorted(of_streamer, key=lambda e: e.order)[least - 1 : least]
    return [
        *_once("gift_giver", gifts, lambda e: _chosen(e, "streamer_id", "gift_transaction_id")),
        *_once("super_fan", nth, lambda e: {**_chosen(e, "streamer_id"), "gift_count": least}),
    ]


def at_risk(events: list[Event]) -> list[Event]:
    broadcasts = [e for e in events if e.activity in ("stream_started", "stream_ended")]
    newest = {
        platform: max(e.ts for e in broadcasts if e.platform == platform)
        for platform in {e.platform for e in broadcasts}
    }
    found = []
    for of_person in group_by(broadcasts, lambda e: e.person):
        known_until = min(newest[e.platform] for e in of_person)
        day_end = datetime.combine(min(e.ts for e in of_person).date() + timedelta(days=1), time())
        while day_end <= known_until:
            risk = _risk_at(of_person, day_end)
            if risk:
                person = of_person[0].person
                found.append(
                    Event(hashed("at_risk_streamer", person), day_end, person, None, "at_risk_streamer", risk, None)
                )
                break
            day_end += timedelta(days=1)
    return found


def _risk_at(broadcasts: list[Event], day_end: datetime) -> dict[str, Any] | None:
    def week(until: datetime) -> tuple[int, int]:
        within = [e for e in broadcasts if until - WEEK <= e.ts < until]
        viewers = sum(e.features["unique_viewers"] or 0 for e in within if e.activity == "stream_ended")
        return sum(e.activity == "stream_started" for e in within), viewers

    (streams, viewers), (streams_before, viewers_before) = week(day_end), week(day_end - WEEK)
    fewer_streams, fewer_viewers = streams * 2 < streams_before, viewers * 2 < viewers_before
    if not fewer_streams and not fewer_viewers:
        return None
    return {
        "reason": "streams" if fewer_streams else "unique_viewers",
        "streams": streams,
        "streams_before": streams_before,
        "unique_viewers": viewers,
        "unique_viewers_before": viewers_before,
    }
