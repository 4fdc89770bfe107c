"""Deliveries on Azure: real adlfs against Azurite on loopback. Collected where `make azurite` could install it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from flows.errors import ConfigError
from flows.files.convert import deliver_files
from flows.files.known_files import DeliveredBefore
from flows.files.locations import FileLocation
from flows.files.report import LANDED
from flows.sources.billing import billing_files
from tests.sources.azurite import KEY
from tests.sources.conftest import records_in

USERS = b"user_id,country,signup_date,plan_type\nU1,US,2023-01-05,basic\n"
PLACE = FileLocation("abfs://deliveries@tests.dfs.core.windows.net/billing", "SNOWCAST_BILLING_URL")


@pytest.fixture(scope="module")
def container(azure_connection: str) -> Any:
    """A container named `deliveries` with one file."""
    client = BlobServiceClient.from_connection_string(azure_connection)
    made = client.create_container("deliveries")
    made.upload_blob("billing/2026-11-01/users.csv", USERS)
    return made


@pytest.fixture(autouse=True)
def _login(azure_connection: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure_connection)


@pytest.mark.usefixtures("container")
def test_files_of_a_container_are_delivered_like_those_of_a_folder(tmp_path: Path) -> None:
    kind = billing_files()
    (report,) = deliver_files(kind, PLACE, tmp_path, DeliveredBefore(tmp_path, kind.source))

    assert (report.file, report.status) == ("2026-11-01/users.csv", LANDED)
    (landed,) = report.landed
    assert landed.snapshot_at == datetime(2026, 11, 1, tzinfo=UTC)
    (record,) = records_in(tmp_path, landed)
    assert record == {"user_id": "U1", "country": "US", "signup_date": "2023-01-05", "plan_type": "basic"}


def test_a_blob_is_known_by_its_path_size_and_tag(container: Any) -> None:
    (first,) = PLACE.files()
    (same,) = PLACE.files()
    container.upload_blob("billing/2026-11-01/users.csv", USERS.replace(b"US", b"DE"), overwrite=True)
    (changed,) = PLACE.files()

    assert (first.path, first.size, first.version) == (same.path, same.size, same.version)
    assert (changed.path, changed.size) == (first.path, first.size)
    assert changed.version != first.version


@pytest.mark.usefixtures("container")
def test_a_folder_that_is_not_there_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match=r"abfs://deliveries/nothing does not exist"):
        FileLocation("abfs://deliveries/nothing").files()


@pytest.mark.usefixtures("container")
def test_a_wrong_key_is_a_configuration_error_that_shows_none(
    azure_connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = base64.b64encode(b"wrong").decode()
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure_connection.replace(KEY, wrong))

    with pytest.raises(ConfigError, match="cannot be read without valid credentials") as raised:
        PLACE.files()
    assert wrong not in str(raised.value)
    assert KEY not in str(raised.value)
