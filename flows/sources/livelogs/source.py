"""Which sheet of live logs is read: the one that is set, or the sandbox's where everything is simulated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flows.errors import ConfigError
from flows.files.report import Fetched
from flows.services.sandbox import ensure_sandbox
from flows.settings import Settings
from flows.sources.source import FileSource, read_secret_block

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from expectations.checks.deliveries import DeliveryLimits
    from flows.files.kinds import FileKind
    from flows.sources.livelogs.sheet import SheetLocation


class LivelogsSource(FileSource):
    """A Google Sheet of logged streams and gifts, read whole every day."""

    name = "livelogs"
    setting = "SNOWCAST_LIVELOGS_SHEET_ID"
    sandbox_does = "the sandbox's sheet is read"
    sandbox_rests = "logs of yours were delivered, so the sandbox's are not read"

    def place(self, settings: Settings) -> SheetLocation:
        """Return the sheet that is set, or the sandbox's."""
        from flows.sources.livelogs.client import SheetsAccess
        from flows.sources.livelogs.sheet import SheetLocation

        if settings.livelogs_sheet_id is not None:
            access = SheetsAccess(_read_service_account(settings), settings.livelogs_url)
            return SheetLocation(access, settings.livelogs_sheet_id, settings.livelogs_tabs)
        if not settings.uses_sandbox:
            raise ConfigError(f"{self.setting} is not set. Set the id of the sheet, the part behind /d/.")
        from deployments.sandbox import SHEET_ID, TABS

        sandbox = ensure_sandbox(settings)
        return SheetLocation(SheetsAccess(sandbox.service_account(), f"{sandbox.url}/"), SHEET_ID, TABS)

    def uses_sandbox_server(self, settings: Settings) -> bool:
        """Whether no sheet is set and everything is simulated."""
        return self.is_simulated(settings)

    def due_snapshots(
        self, settings: Settings, polls: int | None, snapshot_at: datetime | None
    ) -> Iterator[datetime | None]:
        """Yield one read; the sandbox's clock is moved to its time before."""
        moment = snapshot_at or datetime.now(UTC)
        if self.is_simulated(settings):
            ensure_sandbox(settings).set_clock(moment)
        yield moment

    def fetch(self, settings: Settings, session: Session, snapshot_at: datetime | None) -> Fetched:
        """Land the tabs of the sheet, which state no time of their own."""
        return super().fetch(settings, session, snapshot_at or datetime.now(UTC))

    def file_kind(self, settings: Settings) -> FileKind:
        """Return the kind of tabs of streams, gifts and kinds of gifts, and of their CSV and XLSX exports."""
        from flows.sources.livelogs.sheet import livelogs_files

        return livelogs_files()

    def limits(self, settings: Settings) -> DeliveryLimits:
        """Expect a read a day, of tabs that only grow."""
        from expectations.checks.deliveries import DeliveryLimits

        return DeliveryLimits(least_share=1.0)


def _read_service_account(settings: Settings) -> Mapping[str, Any]:
    """Return the key of the service account, from the one place that is set.

    Raises:
        ConfigError: None or more than one is set, or it holds no JSON object.
    """
    file, text = settings.livelogs_service_account_file, settings.livelogs_service_account_json
    block = settings.livelogs_service_account_block
    names = {"FILE": file, "JSON": text, "BLOCK": block}
    given = [f"SNOWCAST_LIVELOGS_SERVICE_ACCOUNT_{name}" for name, value in names.items() if value is not None]
    if len(given) != 1:
        found = f"{' and '.join(given)} are" if given else "none is"
        raise ConfigError(f"The sheet needs one SNOWCAST_LIVELOGS_SERVICE_ACCOUNT_FILE, _JSON or _BLOCK; {found} set.")
    if file is not None:
        try:
            content = file.expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise ConfigError(f"{given[0]}: {file} cannot be read ({type(error).__name__}).") from None
    else:
        stored = text.get_secret_value() if text is not None else read_secret_block(given[0], str(block))
        content = stored if isinstance(stored, str) else json.dumps(stored)
    try:
        account = json.loads(content)
    except ValueError:
        account = None
    if not isinstance(account, dict):
        raise ConfigError(f"{given[0]} holds no JSON object. Expected the key that Google Cloud made.")
    return account
