"""The two long steps of the stream of samples: polls into the topic, batches out of it into RAW."""

from __future__ import annotations

from collections.abc import Callable

from flows.load.report import LoadReport
from flows.settings import Settings
from flows.sources.twitch.source import twitch_config
from flows.warehouse import open_session, prepare
from transforms.catalog import find_raw_table
from transforms.functions import Session

Report = Callable[[str, bool], None]


def produce_samples(settings: Settings, is_stopped: Callable[[], bool], report: Report, polls: int | None) -> None:
    """Sample until told to stop, or for so many polls; `report` is given a line for each, and whether all is well.

    Without `polls` there is no end by itself.
    """
    from flows.sources.kafka.producer import SampleProducer, Statistics

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
    """Load batches until told to stop, or nothing came for so long; `report` is given a line for each, and its mark.

    `build` is called behind each batch that brought rows; nothing is read meanwhile. Without `idle_seconds` a silent
    topic is waited for as long as it takes.
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

    table, source = find_raw_table(*KIND.split("/")), KIND.partition("/")[0]
    places = (settings.database, settings.landing_root, [table])

    landing = landing_of(settings)
    if landing.streaming:
        landing.streaming.prepare()

    def load(session: Session, lags: dict[tuple[str, int], int]) -> LoadReport:
        return load_pending(session, *places, source=source, lags=lags, landing=landing)

    return load
