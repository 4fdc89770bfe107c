"""Activities and questions about them as a person reads and asks them: lists, descriptions, answers, mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flows.cli.output import point_at
from flows.errors import ConfigError
from flows.settings import Settings
from transforms import contract
from transforms.catalog import models
from transforms.types import DecimalType

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from flows.warehouse.session import Reader
    from transforms.activity.definitions.activity import Activity
    from transforms.datasets.analysis.plan import Plan
    from transforms.datasets.materialize import KeptDataset
    from transforms.types import DataType

_ORDER = ("entity", "ts", "activity_id")
Rows = tuple[list[str], list[list[Any]]]


@contextmanager
def point_at_mistakes(question: str) -> Iterator[None]:
    """Turn a mistake in a question into an error of wrong use, and point at its word.

    Raises:
        ConfigError: The question is wrong; the word was pointed at on standard error.
    """
    from transforms.datasets.syntax.errors import QueryError, Word

    try:
        yield
    except QueryError as error:
        if isinstance(error.word, Word):
            point_at(question, error.word.start, error.word.length)
        raise ConfigError(str(error)) from None


def activities_in(reader: Reader, settings: Settings) -> Mapping[str, Activity]:
    """Return every activity by name: those that are declared, and one of each Amplitude event type in the warehouse."""
    from transforms.activity.definitions.registry import activities_of_events, list_known_activities

    table = models()["int_amplitude_properties"].table.full_name(settings.database)
    properties = [(row[0], row[1]) for row in reader.rows(f"SELECT event_type, property FROM {table}")]
    return {**activities_of_events(properties), **list_known_activities()}


def find_activity(name: str, known: Mapping[str, Activity]) -> Activity:
    """Return the activity of that name.

    Raises:
        ConfigError: There is none; the message names the nearest and all that are known.
    """
    from transforms.datasets.analysis.plan import require_activity
    from transforms.datasets.syntax.errors import QueryError

    try:
        return require_activity(name, known)
    except QueryError as error:
        raise ConfigError(str(error)) from None


def list_of_activities(known: Mapping[str, Activity]) -> Rows:
    """Return columns and rows: every activity with the stream that it is in."""
    listed = sorted(known.values(), key=lambda activity: (activity.stream, activity.name))
    rows = [[a.name, a.stream, ", ".join(feature.name for feature in a.features), a.description] for a in listed]
    return ["activity", "stream", "features", "description"], rows


def list_features(activity: Activity) -> Rows:
    """Return columns and rows: everything that a question can name of an activity, with its type."""
    from transforms.activity.columns import STREAM
    from transforms.datasets.analysis.scope import STREAM_TYPES

    rows = [[f.name, _format_spelling(f.type), "feature", f.description] for f in activity.features]
    columns = [column for column in STREAM if column.name in STREAM_TYPES]
    rows += [[column.name, _format_spelling(column.type), "stream", column.description] for column in columns]
    return ["name", "type", "of", "description"], rows


def _format_spelling(data_type: DataType) -> str:
    """Return a type as contracts spell it."""
    if isinstance(data_type, DecimalType):
        return f"DECIMAL({data_type.precision}, {data_type.scale})"
    names = ("INTEGER", "FLOAT", "TEXT", "BOOLEAN", "DATE", "TIMESTAMP", "VARIANT")
    return next((name for name in names if getattr(contract, name) == data_type), str(data_type))


def plan_question(question: str, known: Mapping[str, Activity]) -> Plan:
    """Return the plan of a question in text form.

    Raises:
        ConfigError: It is wrong.
    """
    from transforms.datasets.analysis.plan import plan_of
    from transforms.datasets.syntax.parser import parse_query

    with point_at_mistakes(question):
        return plan_of(parse_query(question), known)


def answer(session: Session, settings: Settings, plan: Plan, most: int | None = None) -> Rows:
    """Columns and rows of a question's dataset, by entity and time; at most so many rows."""
    from transforms.datasets.frames.compile import compile_plan

    stream = session.table(models()[plan.stream].table.full_name(settings.database))
    dataset = compile_plan(plan, stream).sort(*_ORDER)
    rows = (dataset if most is None else dataset.limit(most)).collect()
    return [column.name for column in plan.columns], [list(row) for row in rows]


def format_for_people(columns: list[str], rows: list[list[Any]]) -> Rows:
    """Return the answer without the ids, which tell a person nothing: entity, time and number name a row."""
    return columns[1:], [row[1:] for row in rows]


def keep_answer(session: Session, plan: Plan, question: str, name: str) -> KeptDataset:
    """Write a question's dataset into a table of MARTS.

    Raises:
        ConfigError: The name cannot be used.
    """
    from transforms.datasets.materialize import table_of, write_dataset

    with point_at_mistakes(question):
        table = table_of(plan, name)
        return write_dataset(session, plan, table, question=question, run_id="snowcast activity query")
