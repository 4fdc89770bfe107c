"""Identity links come as files: what a links file is, what is refused, and when a run takes the source."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.errors import ConfigError
from flows.files.convert import deliver_files
from flows.files.known_files import DeliveredBefore
from flows.files.locations import FileLocation
from flows.files.report import LANDED, REFUSED
from flows.settings import load_settings
from flows.sources.identity import IdentitySource
from tests.sources.conftest import records_in

DAY = datetime(2026, 11, 1, tzinfo=UTC)
LINE = {"platform": "livelogs", "anonymous_id": "a", "customer_platform": "", "customer_id": "U1", "linked_at": ""}


def test_a_file_of_links_is_landed_and_one_without_a_customer_is_refused(tmp_path: Path) -> None:
    given, landing = tmp_path / "given", tmp_path / "landing"
    given.mkdir()
    (given / "links_20261101.csv").write_text(f"{','.join(LINE)}\n{','.join(LINE.values())}\n")
    (given / "cut.csv").write_text("platform,anonymous_id\nlivelogs,a\n")
    kind = IdentitySource().file_kind(load_settings(home=tmp_path))
    known = DeliveredBefore(landing, kind.source)
    reports = {one.file: one for one in deliver_files(kind, FileLocation(str(given)), landing, known, snapshot_at=DAY)}
    landed, cut = reports["links_20261101.csv"], reports["cut.csv"]
    assert (landed.status, cut.status) == (LANDED, REFUSED)
    assert "no column customer_id" in str(cut)
    (file,) = landed.landed
    assert (file.entity, records_in(landing, file)) == ("links", [LINE])


def test_a_run_takes_links_only_where_their_place_is_set(tmp_path: Path) -> None:
    source, unset = IdentitySource(), load_settings(home=tmp_path)
    assert not source.is_configured(unset)
    assert source.check_configuration(unset) == (False, "no SNOWCAST_IDENTITY_URL is set: nothing is fetched")
    with pytest.raises(ConfigError, match="SNOWCAST_IDENTITY_URL is not set"):
        source.fetch(unset, None, None)  # type: ignore[arg-type]
    (tmp_path / "links.csv").write_text(",".join(LINE))
    settings = load_settings(home=tmp_path, identity_url=SecretStr(str(tmp_path)))
    assert source.is_configured(settings)
    assert source.check_configuration(settings)[1].startswith("1 files in")
