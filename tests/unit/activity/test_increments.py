"""What makes a person's events, or a fact's events, be recomputed: each condition, and what comes of leaving it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, lit

from tests.feeding import PARAMETERS, content, rows_of
from tests.properties.storing import store
from tests.properties.test_stream_ends import STREAMS, THRESHOLDS, put
from tests.unit.activity.facts import at, event, gift
from tests.unit.engine.test_costs import sent as statements_sent
from transforms.activity.definitions import lifecycle as amounts
from transforms.build import build_table
from transforms.catalog import models
from transforms.contract import INTEGER, ContractError
from transforms.engine import continue_groups, merge, parts
from transforms.engine.stored import read_table
from transforms.ops import CONSUMPTIONS

pytestmark = pytest.mark.lengthy
Event = dict[str, Any]
BUILT = PARAMETERS | {"thresholds": THRESHOLDS}


def sent(number: str, hour: float, **features: Any) -> Event:
    return event("gift_sent", "livelogs:v", number, at(hour), streamer_id="s", **features)


def received(number: str, hour: float) -> Event:
    return event("gift_received", "livelogs:s", number, at(hour))


def ended(number: str, hour: float) -> Event:
    return event("stream_ended", "livelogs:s", number, at(hour), unique_viewers=99, duration_seconds=1)


def take_all_as_in_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(continue_groups, "_mark_late", lambda model, moved: moved)


def take_changed_rows_as_new(patch: pytest.MonkeyPatch) -> None:
    judge = continue_groups._mark_late

    def marked(model: Any, moved: DataFrame) -> DataFrame:
        names = [name for name in moved.columns if name.lower() != "_is_late"]
        return judge(model, moved.select(*names, lit(0).cast(INTEGER).alias("_is_late")))

    patch.setattr(continue_groups, "_mark_late", marked)


def count_new_rows_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(amounts, "_with_counted", lambda definition, rule, new, whole, ends: new)


Break = Callable[[pytest.MonkeyPatch], None]
STORIES: dict[str, tuple[str, list[Event], list[Event], Break]] = {
    "late": ("viewer_activity", [sent("b", 10)], [sent("b", 10), sent("a", 9)], take_all_as_in_order),
    "at the same time, with a smaller id": (
        *("viewer_activity", [sent("b", 10), sent("c", 10)], [sent("b", 10), sent("c", 10), sent("a", 10)]),
        take_all_as_in_order,
    ),
    "of another activity, before what was emitted": (
        *("streamer_activity", [received("b", 10)], [received("b", 10), ended("a", 9)]),
        take_all_as_in_order,
    ),
    "changed": (
        *("viewer_activity", [sent("a", 9), sent("b", 10)], [sent("a", 9, is_cancelled=True), sent("b", 10)]),
        take_all_as_in_order,
    ),
    "dated later": (
        *("viewer_activity", [sent("a", 9), sent("b", 10)], [sent("a", 11), sent("b", 10)]),
        take_changed_rows_as_new,
    ),
    "the third gift to a streamer": (
        *("viewer_activity", [sent("a", 9), sent("b", 10)], [sent("a", 9), sent("b", 10), sent("c", 11)]),
        count_new_rows_only,
    ),
}


def tell(session: Session, stream: str, *runs: list[Event]) -> None:
    """Let the events be these after each run, build, and compare with a full build."""
    table, *others = models()[stream].inputs
    for events in runs:
        put(session, table, {one["activity_id"]: one for one in events})
        build_table(session, stream, run_id="r", parameters=BUILT)
    inputs = [read_table(session, models()[name].table) for name in (table, *others)]
    assert content(session, stream) == rows_of(STREAMS[stream].build(*inputs, thresholds=THRESHOLDS))


@pytest.mark.parametrize("story", STORIES)
def test_an_event_out_of_order_renumbers_the_person(warehouse: Session, story: str):
    stream, before, after, _ = STORIES[story]
    tell(warehouse, stream, before, after)


@pytest.mark.parametrize("story", STORIES)
def test_without_its_condition_the_stream_would_be_wrong(
    warehouse: Session, story: str, monkeypatch: pytest.MonkeyPatch
):
    stream, before, after, leave_out = STORIES[story]
    leave_out(monkeypatch)
    with pytest.raises((AssertionError, ContractError)):
        tell(warehouse, stream, before, after)


def test_changes_of_many_rows_are_dropped_behind_the_commit(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(merge, "KEPT_ROWS", 0)
    tell(warehouse, "viewer_activity", [sent("a", 9)])
    with statements_sent() as statements:
        tell(warehouse, "viewer_activity", [sent("a", 9), sent("b", 10)], [sent("a", 9), sent("b", 10), sent("c", 8)])
    dropped = [one.rpartition("_")[2] for one in statements if one.upper().startswith("DROP TABLE")]
    assert dropped.count("CHANGES") == 2  # the first build has none


def events_of(session: Session, *gifts: Event) -> None:
    store(session, models()["fact_gifts"].table, [one | {"points_in_stream": 0} for one in gifts])
    build_table(session, "int_viewer_events", run_id="r", parameters=BUILT)
    model = models()["int_viewer_events"]
    inputs = [read_table(session, models()[name].table) for name in model.inputs]
    assert model.build is not None
    whole = model.build(*inputs, **{name: BUILT[name] for name in model.parameters})
    assert content(session, "int_viewer_events") == rows_of(whole.select(*model.table.column_names))


def test_a_changed_gift_changes_its_event(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    first, other = gift("g1", "v", "s", at(9)), gift("g2", "v", "s", at(10))
    events_of(warehouse, first)
    events_of(warehouse, first | {"points": 5}, other)
    monkeypatch.setattr(parts.Change, "find_rewritten", lambda self, name: [])
    with pytest.raises((AssertionError, ContractError)):
        events_of(warehouse, first | {"points": 7}, other)


def test_a_gift_that_was_read_before_it_was_told_is_no_new_one(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    """A build of the events that ran while the gift was written has seen it, and not the build that brought it."""
    events_of(warehouse, gift("g1", "v", "s", at(9)))
    forget = lambda: read_table(warehouse, CONSUMPTIONS).delete(col("input_table") == lit("fact_gifts"))  # noqa: E731
    forget()
    events_of(warehouse, gift("g1", "v", "s", at(9)))
    forget()
    merge_changes = merge.merge_changes
    monkeypatch.setattr(
        merge, "merge_changes", lambda *given: merge_changes(*given[:-1], replace(given[-1], may_be_stored=False))
    )
    with pytest.raises(ContractError, match="the MERGE wrote"):
        events_of(warehouse, gift("g1", "v", "s", at(9)))
