"""Business rules of the activity streams and of what they are built from."""

from __future__ import annotations

from expectations.rules.rule import Lookup, Rule, critical, quote_literal
from transforms.activity.definitions.registry import FROM_FACTS, LIFECYCLE, list_known_activities
from transforms.contract import Table

# Viewers' activities are those that are declared and one of each Amplitude event type, with the type's properties.
_EVENT_TYPES = Lookup(
    "told",
    "select event_type, true as is_listed, coalesce(listagg(nullif(property, ''), ',') within group "
    "(order by property), '') as names from {int_amplitude_properties} group by event_type",
    ("is_listed", "names"),
    "told.event_type = t.activity",
)


def stream_rules(table: Table, events: str) -> tuple[Rule, ...]:
    """Return what must be true of an activity stream (SEMANTICS §4).

    Args:
        table: The stream.
        events: The table with the events that it numbers.
    """
    return (
        *identity_rules(),
        *feature_rules(table),
        *_make_occurrence_rules(table),
        _once(table),
        _as_gathered(table, events),
    )


def _make_occurrence_rules(table: Table) -> tuple[Rule, ...]:
    numbers, successor = _numbers(table), _successor(table)
    return (
        critical(
            "a person's occurrences of an activity are 1 to n without a gap",
            "numbers_first <> 1 or numbers_last <> numbers_row_count or numbers_number_count <> numbers_row_count",
            "first, nth and last of a customer are found by their number",
            *("activity", "person", "activity_occurrence", numbers),
        ),
        critical(
            "occurrences are in the order of ts and activity_id",
            "successor_ts < ts or (successor_ts = ts and successor_activity_id <= activity_id)",
            "a late or equal-time event is numbered at its place",
            *("activity", "person", "ts", "successor_ts", successor),
        ),
        critical(
            "activity_repeated_at is the time of the next occurrence",
            "activity_repeated_at is distinct from successor_ts",
            "what happened in between is found by the two times",
            *("activity", "person", "activity_repeated_at", "successor_ts", successor),
        ),
    )


def identity_rules() -> tuple[Rule, ...]:
    """Somebody did it, and whose row it is follows from who."""
    return (
        critical(
            "an event has a customer or an anonymous customer",
            "customer is null and anonymous_customer_id is null",
            "an event of nobody belongs to the quarantine",
        ),
        critical(
            "an event is its customer's, or else the anonymous one's",
            "person is distinct from coalesce(customer, anonymous_customer_id)",
            "numbers and lifecycle are per person",
            *("person", "customer", "anonymous_customer_id"),
        ),
        critical(
            "people are named <platform>:<id>",
            "person not like '_%:_%' or customer not like '_%:_%' or anonymous_customer_id not like '_%:_%'",
            "ids of two platforms never meet by chance",
            *("customer", "anonymous_customer_id"),
        ),
    )


def feature_rules(table: Table) -> tuple[Rule, ...]:
    """Return every row is of a known activity and carries exactly its features."""
    kind = _kind(table.name)
    helpers = (_EVENT_TYPES,) if kind == "viewer" else ()
    is_event_type = "coalesce(told_is_listed, false)" if helpers else "false"
    told = " else told_names" if helpers else ""
    known = {one.name: one for one in list_known_activities().values() if _kind(one.stream) == kind}
    cases = " ".join(
        f"when {quote_literal(name)} then {quote_literal(','.join(sorted(f.name for f in one.features)))}"
        for name, one in known.items()
    )
    return (
        critical(
            "the activity is one that is declared",
            f"activity not in ({', '.join(quote_literal(name) for name in known)}) and not {is_event_type}",
            "features and meaning are declared in one file; after removing one rebuild with --full-refresh",
            *("activity", *helpers),
        ),
        critical(
            "every row of an activity has the same features",
            "coalesce(array_to_string(array_sort(object_keys(feature_json)), ','), '') "
            f"<> (case activity {cases}{told} end)",
            "a feature that is not known is NULL, and never absent",
            *("activity", "feature_json", *helpers),
        ),
    )


def _kind(table: str) -> str:
    """Whose events a stream, or the table of its events, holds: streamer or viewer."""
    return table.removeprefix("int_").removesuffix("_activity").removesuffix("_events")


def _once(table: Table) -> Rule:
    names = ", ".join(quote_literal(one.name) for one in LIFECYCLE[_kind(table.name)])
    return critical(
        "a lifecycle activity happens once",
        f"activity in ({names}) and activity_occurrence > 1",
        "it is emitted at the moment at which its rule first holds",
        *("activity", "person"),
    )


def _as_gathered(table: Table, events: str) -> Rule:
    sources = ", ".join(quote_literal(one.name) for one in FROM_FACTS[_kind(table.name)])
    gathered = Lookup(
        "gathered",
        f"select activity_id, person, ts from {{{events}}} where activity_id in (select activity_id from {{batch}} b)",
        ("person", "ts"),
        "gathered.activity_id = t.activity_id",
    )
    return critical(
        f"time and person are those of {events}",
        f"activity in ({sources}) and (person is distinct from gathered_person or ts is distinct from gathered_ts)",
        "an event that was corrected, linked or withdrawn and not taken over; rebuild it with --full-refresh",
        *("activity", "person", "gathered_person", "ts", "gathered_ts", gathered),
    )


def _numbers(table: Table) -> Lookup:
    return Lookup(
        "numbers",
        "select activity, person, count(*) as row_count, min(activity_occurrence) as first, "
        "max(activity_occurrence) as last, count(distinct activity_occurrence) as number_count "
        f"from {{{table.name}}} where person in (select person from {{batch}} b) group by activity, person",
        ("row_count", "first", "last", "number_count"),
        "numbers.activity = t.activity and numbers.person = t.person",
    )


def _successor(table: Table) -> Lookup:
    return Lookup(
        "successor",
        "select activity, person, activity_occurrence - 1 as occurrence_before, ts, activity_id "
        f"from {{{table.name}}} where person in (select person from {{batch}} b)",
        ("ts", "activity_id"),
        "successor.activity = t.activity and successor.person = t.person "
        "and successor.occurrence_before = t.activity_occurrence",
    )
