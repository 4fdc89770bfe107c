"""Deliveries on S3: real s3fs against moto's server on loopback; what is refused and what cannot be reached."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from flows.errors import ConfigError, SourceError
from flows.files.convert import deliver_files
from flows.files.known_files import DeliveredBefore
from flows.files.locations import FileLocation, mask_secrets
from flows.files.report import LANDED, REFUSED, FileReport
from flows.settings import load_settings
from flows.sources.billing import billing_files
from tests.sources.conftest import records_in

USERS = b"user_id,country,signup_date,plan_type\nU1,US,2023-01-05,basic\n"
PAYMENTS = b"payment_id,user_id,payment_date,amount\nP1,U1,2023-01-05,9.99\n"


@pytest.fixture
def bucket(s3_variables: dict[str, str]) -> Any:
    """An empty bucket named `deliveries`."""
    made = boto3.resource("s3").Bucket("deliveries")
    made.create()
    return made


def land(url: str, tmp_path: Path) -> dict[str, FileReport]:
    kind = billing_files()
    root = tmp_path / "landing"
    place = FileLocation(url, "SNOWCAST_BILLING_URL")
    return {report.file: report for report in deliver_files(kind, place, root, DeliveredBefore(root, kind.source))}


def test_files_of_a_bucket_are_delivered_like_those_of_a_folder(bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="billing/users_20261101.csv", Body=USERS)
    bucket.put_object(Key="billing/2026-11-02/payments.csv.gz", Body=gzip.compress(PAYMENTS))
    bucket.put_object(Key="billing/2026-11-03/manifest.json", Body=b'{"snapshot_at": "2026-11-04T05:00:00Z"}')
    bucket.put_object(Key="billing/2026-11-03/users.csv", Body=USERS)
    bucket.put_object(Key="billing/empty.csv", Body=b"")
    bucket.put_object(Key="billing/folder/", Body=b"")
    bucket.put_object(Key="billing/.hidden/users.csv", Body=USERS)
    bucket.put_object(Key="elsewhere/users.csv", Body=USERS)

    reports = land("s3://deliveries/billing", tmp_path)

    assert {name: report.status for name, report in reports.items()} == {
        "users_20261101.csv": LANDED,
        "2026-11-02/payments.csv.gz": LANDED,
        "2026-11-03/users.csv": LANDED,
        "empty.csv": REFUSED,
    }
    (payments,) = reports["2026-11-02/payments.csv.gz"].landed
    assert payments.snapshot_at == datetime(2026, 11, 2, tzinfo=UTC)
    (record,) = records_in(tmp_path / "landing", payments)
    assert record == {"payment_id": "P1", "user_id": "U1", "payment_date": "2023-01-05", "amount": "9.99"}
    assert reports["2026-11-03/users.csv"].landed[0].snapshot_at == datetime(2026, 11, 4, 5, tzinfo=UTC)


def test_an_object_is_known_by_its_path_size_and_tag(bucket: Any) -> None:
    bucket.put_object(Key="billing/users.csv", Body=USERS)
    (first,) = FileLocation("s3://deliveries/billing").files()
    bucket.put_object(Key="billing/users.csv", Body=USERS)
    (same,) = FileLocation("s3://deliveries/billing").files()
    bucket.put_object(Key="billing/users.csv", Body=USERS.replace(b"US", b"DE"))
    (changed,) = FileLocation("s3://deliveries/billing").files()

    assert (first.path, first.size) == ("s3://deliveries/billing/users.csv", len(USERS))
    assert (first.path, first.size, first.version) == (same.path, same.size, same.version)
    assert (changed.path, changed.size) == (first.path, first.size)
    assert changed.version != first.version
    assert first.modified_at is not None
    assert abs(first.modified_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_one_object_may_be_the_place(bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="billing/users_20261101.csv", Body=USERS)

    (report,) = land("s3://deliveries/billing/users_20261101.csv", tmp_path).values()

    assert (report.file, report.status) == ("users_20261101.csv", LANDED)
    assert report.landed[0].snapshot_at == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://no-such-bucket/billing", "SNOWCAST_BILLING_URL: s3://no-such-bucket/billing does not exist"),
        ("s3://deliveries/nothing", "SNOWCAST_BILLING_URL: s3://deliveries/nothing does not exist"),
        ("nowhere://deliveries", "SNOWCAST_BILLING_URL: nowhere://deliveries: ValueError: Protocol not known"),
        ("gs://deliveries", r"gs://deliveries needs a library that is not installed .*`make extras`"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_a_place_that_cannot_be_is_a_configuration_error(url: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        land(url, tmp_path)


def test_a_bucket_without_access_is_a_configuration_error(bucket: Any, s3_server: str, tmp_path: Path) -> None:
    bucket.put_object(Key="billing/users_20261101.csv", Body=USERS)
    httpx.post(f"{s3_server}/moto-api/reset-auth", content=b"0").raise_for_status()
    try:
        with pytest.raises(ConfigError, match="may not be read with the credentials that are set") as raised:
            land("s3://deliveries/billing", tmp_path)
    finally:
        httpx.post(f"{s3_server}/moto-api/reset-auth", content=b"inf").raise_for_status()
    assert "hush-hush" not in str(raised.value)


@pytest.mark.usefixtures("bucket")
def test_missing_credentials_are_a_configuration_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(ConfigError, match="credentials"):
        land("s3://deliveries/billing", tmp_path)


@pytest.mark.usefixtures("bucket")
def test_a_server_that_does_not_answer_is_a_source_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")

    with pytest.raises(SourceError, match=r"s3://deliveries/billing cannot be reached \(.*Run again later"):
        land("s3://deliveries/billing", tmp_path)


def test_an_object_that_vanishes_is_refused_and_the_others_land(bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="billing/a_20261101.csv", Body=USERS)
    bucket.put_object(Key="billing/b_20261101.csv", Body=PAYMENTS)
    kind = billing_files()
    place = FileLocation("s3://deliveries/billing")
    reports = deliver_files(kind, place, tmp_path, DeliveredBefore(tmp_path, kind.source))
    first = next(reports)
    bucket.delete_objects(Delete={"Objects": [{"Key": "billing/b_20261101.csv"}]})
    (second,) = reports

    assert (first.status, second.status) == (LANDED, REFUSED)
    assert str(second.reason).startswith("cannot be read: ")


SECRET_URL = "https://user:p%40ss@files.example.test/billing?sig=s3cr%2Ft&expires=17"


@pytest.mark.parametrize("text", [SECRET_URL, "sent sig=s3cr%2Ft", "sent s3cr/t", "as user:p@ss", "as p%40ss"])
def test_secrets_of_a_url_are_masked(text: str) -> None:
    shown = mask_secrets(text, SECRET_URL)

    assert "***" in shown
    for secret in ("p@ss", "p%40ss", "s3cr/t", "s3cr%2Ft"):
        assert secret not in shown


def test_a_container_before_the_account_is_no_secret() -> None:
    url = "abfs://container@account.dfs.core.windows.net/billing"

    assert FileLocation(url).display_name == url


def test_no_repr_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWCAST_BILLING_URL", SECRET_URL)
    settings = load_settings()

    assert "s3cr" not in repr(settings) + repr(FileLocation(SECRET_URL)) + settings.model_dump_json()
