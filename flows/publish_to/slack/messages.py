"""What a message says: one alert, or many in a digest, from the facts that OPS.ALERTS keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from transforms.marts.spike_alerts import SPIKE

Facts = Mapping[str, Any]
_RISEN = 1.5  # so many times the usual viewers without the stream itself: the whole category rises
_MOST_LINES, _MOST_TITLE = 20, 80
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def write_message(kind: str, facts: Facts, zone: ZoneInfo) -> dict[str, Any]:
    """Write the message of one alert."""
    lines = [_head(kind, facts, zone), _body(facts, zone) if kind == SPIKE else ""]
    if kind == SPIKE and facts.get("title"):
        lines.append(f"> {_plain(facts['title'])}")
    return _as_payload("\n".join(line for line in lines if line))


def write_digest(kind: str, alerts: Sequence[Facts], zone: ZoneInfo) -> dict[str, Any]:
    """Write one message of many alerts of a kind, those with most viewers first."""
    most = sorted(alerts, key=lambda facts: -int(facts.get("peak_viewers") or 0))
    what = "spike at once" if kind == SPIKE else "are over"
    lines = [f"*{len(alerts)} streams {what}*"]
    lines += [f"• {_head(kind, facts, zone)}" for facts in most[:_MOST_LINES]]
    if len(most) > _MOST_LINES:
        lines.append(f"and {len(most) - _MOST_LINES} more: see MART_VIEWER_SPIKES")
    return _as_payload("\n".join(lines))


def _head(kind: str, facts: Facts, zone: ZoneInfo) -> str:
    game = f" in {_plain(facts['game_name'])}" if facts.get("game_name") else ""
    if kind != SPIKE:
        return f"{_link(facts)} is over its spike{game}: {_recovery(facts, zone)}"
    viewers, usual = int(facts["first_viewers"]), facts.get("usual_viewers")
    if usual is None:
        level = "its usual level is not known yet"
    elif usual:
        level = f"{viewers / usual:.1f} times the usual {usual:,.0f}"
    else:
        level = "usually nobody"
    return f"{_link(facts)} spikes{game}: {viewers:,} viewers, {level}"


def _body(facts: Facts, zone: ZoneInfo) -> str:
    peak = int(facts["peak_viewers"])
    higher = f", by now {peak:,} at {_clock(facts['peak_at'], zone)}" if peak > int(facts["first_viewers"]) else ""
    return f"Since {_moment(facts['started_at'], zone)}{higher}. Why: {explain(facts, zone)}."


def explain(facts: Facts, zone: ZoneInfo) -> str:
    """Say why it rose, as far as the warehouse knows."""
    at = facts.get("changed_at")
    if at and facts.get("game_before") != facts.get("game_after"):
        before, after = (_plain(facts.get(name) or "no category") for name in ("game_before", "game_after"))
        return f"changed category from {before} to {after} at {_clock(at, zone)}"
    if at and facts.get("title_before") != facts.get("title_after"):
        return f"changed its title at {_clock(at, zone)}, before: {_plain(facts.get('title_before') or 'none')}"
    usual, others = facts.get("category_before"), facts.get("category_after")
    if usual and others and others >= _RISEN * usual:
        return f"the whole category rises: its other streams have {others:,.0f} viewers, usual are {usual:,.0f}"
    return "its own growth: no change of category or title is known, and the category did not rise"


def _recovery(facts: Facts, zone: ZoneInfo) -> str:
    if facts.get("last_spike_at") is None:
        return "late samples say that it was none"
    peak = f"peak {int(facts['peak_viewers']):,} at {_moment(facts['peak_at'], zone)}"
    if facts.get("closed_at") is None:
        return f"not seen any more since {_moment(facts['last_seen_at'], zone)}, {peak}"
    return f"{int(facts['closed_viewers']):,} viewers at {_moment(facts['closed_at'], zone)}, {peak}"


def _link(facts: Facts) -> str:
    login = facts.get("streamer_login")
    name = _plain(facts.get("streamer_name") or login or f"stream {facts['stream_id']}")
    return f"*<https://www.twitch.tv/{_plain(login)}|{name}>*" if login else f"*{name}*"


def _moment(at: str, zone: ZoneInfo) -> str:
    return f"{_local(at, zone):%Y-%m-%d %H:%M} {zone.key}"


def _clock(at: str, zone: ZoneInfo) -> str:
    return f"{_local(at, zone):%H:%M}"


def _local(at: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC).astimezone(zone)


def _plain(text: str) -> str:
    """Return what a streamer wrote on one line, without anything that Slack would read as a mention or a link."""
    line = " ".join("".join(one if one.isprintable() or one == "\u200d" else " " for one in str(text)).split())
    shown = line if len(line) <= _MOST_TITLE else f"{line[: _MOST_TITLE - 1]}…"
    return "".join(_ESCAPED.get(one, one) for one in shown).replace("|", "¦")


def _as_payload(text: str) -> dict[str, Any]:
    return {"text": text, "unfurl_links": False, "unfurl_media": False}
