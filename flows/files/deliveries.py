"""Delivered files on their way in: landed, reported to who waits, kept in OPS.DELIVERIES so that they are read once.

The ledger's row is written after the landing files, which the load takes up whatever happens in between; and a row
counts only while all that it names is in RAW or under the landing root.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flows.errors import SourceError
from flows.files.convert import deliver_files
from flows.files.kinds import FileKind
from flows.files.known_files import DeliveredBefore
from flows.files.limits import LIMITS, Limits
from flows.files.locations import Location
from flows.files.report import DELIVERED_BEFORE, EMPTY, SKIPPED, Fetched, FileReport
from flows.reporting import Mark, reporter
from flows.settings import Settings
from transforms.contract import TEXT, VARIANT
from transforms.engine.ledgers import append_rows
from transforms.functions import Session
from transforms.ops import DELIVERIES, LOADS


def deliver(
    session: Session, settings: Settings, kind: FileKind, place: Location, snapshot_at: datetime | None = None
) -> Fetched:
    """Land the files of a place that were not delivered before, and say what became of each.

    Raises:
        ConfigError: The place does not exist, holds no file or may not be read.
    """
    LIMITS.set(Limits(settings.file_mebibytes, settings.file_ratio, settings.file_seconds))
    known = _read_delivered_before(session, settings, kind)
    reports: list[FileReport] = []
    failure: SourceError | None = None
    try:
        for report in deliver_files(kind, place, settings.landing_root, known, snapshot_at=snapshot_at):
            reports.append(report)
            reporter().show_progress(f"read {kind.source} files", report.file)
    except SourceError as error:
        failure = error
    reports.sort(key=lambda report: report.file)
    append_rows(session, DELIVERIES, _make_rows(reports))
    _report_files(kind, place, reports)
    snapshots = {report.delivery.snapshot_at for report in reports if report.delivery}
    return Fetched(tuple(sorted(snapshots)), tuple(reports), failure)


def has_others(session: Session, settings: Settings, source: str, place: Location) -> bool:
    """Whether files of the source were delivered from elsewhere than a local place."""
    from snowflake.snowpark.functions import col, lit, startswith

    ledger = session.table(DELIVERIES.full_name(settings.database)).filter(col("source") == source)
    return ledger.filter(~startswith(col("file_path"), lit(place.prefix))).count() > 0


def _read_delivered_before(session: Session, settings: Settings, kind: FileKind) -> DeliveredBefore:
    """Read what was delivered of the source, and which of its landing files are loaded, in one statement."""
    from snowflake.snowpark.functions import col, lit, startswith

    deliveries = session.table(DELIVERIES.full_name(settings.database)).filter(col("source") == kind.source)
    loads = session.table(LOADS.full_name(settings.database))
    loaded = loads.filter(startswith(col("source_file"), lit(f"{kind.source}/")))
    no_id, no_files = lit(None).cast(TEXT).alias("delivery_id"), lit(None).cast(VARIANT).alias("landed_files")
    rows = (
        deliveries.select("delivery_id", "file_path", "landed_files")
        .union_all(loaded.select(no_id, col("source_file").alias("file_path"), no_files))
        .collect()
    )
    delivered = [row for row in rows if row[0] is not None]
    return DeliveredBefore(
        settings.landing_root,
        kind.source,
        loaded=[row[1] for row in rows if row[0] is None],
        deliveries={row[0]: json.loads(row[2] or "[]") for row in delivered},
        paths={row[1] for row in delivered},
    )


def _make_rows(reports: Iterable[FileReport]) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "delivery_id": one.delivery_id,
            "source": one.source,
            "file_path": one.path,
            "size_bytes": one.size,
            "file_version": one.version,
            "snapshot_at": one.snapshot_at,
            "status": report.status,
            "rows_landed": report.rows,
            "landed_files": [landed.relative_path for landed in report.landed],
            "read_at": now,
        }
        for report in reports
        if (one := report.delivery)
    ]


def _report_files(kind: FileKind, place: Location, reports: Iterable[FileReport]) -> None:
    """One line per file that was read, one for all that were not."""
    before = 0
    for report in reports:
        if report.status == DELIVERED_BEFORE:
            before += 1
            continue
        unusual = report.warnings or report.status == EMPTY
        usual: Mark = "skipped" if report.status == SKIPPED else "ok"
        mark: Mark = "failed" if report.is_refused else "warning" if unusual else usual
        text = report.status if report.reason is None else f"{report.status}: {report.reason}"
        rows = f" ({report.rows:,} records)" if report.rows else ""
        reporter().show_result(f"read {report.file}", "; ".join([text + rows, *report.warnings]), mark)
    if before:
        files = "file was" if before == 1 else "files were"
        text = f"{before:,} {files} delivered before in {place.display_name}: not read"
        reporter().show_result(f"read {kind.source} files", text, "skipped")
