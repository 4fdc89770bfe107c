"""The two long steps of the stream of samples: polls into the topic, batches out of it into RAW."""

from __future__ import annotations

from collections.abc import Callable

from flows.load.report import LoadReport
from flows.settings import Settings
from flows.warehouse import open_session, prepare
from transforms.functions import Session

Report = Callable[[str, bool], None]


def produce_samples(settings: Settings, is_stopped: Callable[[], bool], report: Report, polls: int | None) -> None:
    """Sample until told to stop; a line for each poll.

    Args:
        settings: The broker, the topic, what is sampled.
        is_stopped: Whether to end.
        report: Given each line, and whether all is well.
        polls: End after so many; None: never.
    """
    from flows.sources.kafka.producer import SampleProducer, Statistics
    from flows.sources.twitch.source import twitch_config

    def report_statistics(statistics: Statistics) -> None:
        report(statistics.line(), not (statistics.faults or statistics.failed))

    SampleProducer(settings, twitch_config(settings)).run(is_stopped, report_statistics, polls)


def consume_samples(
    settings: Settings,
    is_stopped: Callable[[], bool],
    report: Report,
    idle_seconds: float | None,
    build: Callable[[], None] | None = None,
) -> None:
    """Load batches until told to stop; a line for each.

    Args:
        settings: The broker, the topic, the size and age of batches.
        is_stopped: Whether to end.
        report: Given each line, and whether all is well.
        idle_seconds: End where so long nothing came; None: never.
        build: Called behind each batch that brought rows; nothing is read meanwhile. None: nothing is built.
    """
    from flows.sources.kafka.cluster import ensure_topic
    from flows.sources.kafka.consumer import SampleConsumer, Statistics

    def report_statistics(statistics: Statistics) -> None:
        report(statistics.line(), not statistics.gaps)
        if build and statistics.rows:
            build()

    ensure_topic(settings)
    load = _loader(settings)
    with open_session(settings, step="consume") as session:
        prepare(session, settings)
        load(session, {})  # what was landed and not loaded when the last consumer died
        SampleConsumer(settings, session, load).run(is_stopped, report_statistics, idle_seconds)


def _loader(settings: Settings) -> Callable[[Session, dict[tuple[str, int], int]], LoadReport]:
    """Return what loads the messages that are landed, with their lags."""
    from flows.load.loader import load_pending
    from flows.load.pipes import landing_of
    from flows.load.positions import KIND
    from transforms.catalog import find_raw_table

    table, source = find_raw_table(*KIND.split("/")), KIND.partition("/")[0]
    places = (settings.database, settings.landing_root, [table])

    landing = landing_of(settings)
    if landing.streaming:
        landing.streaming.prepare()

    def load(session: Session, lags: dict[tuple[str, int], int]) -> LoadReport:
        return load_pending(session, *places, source=source, lags=lags, landing=landing)

    return load
