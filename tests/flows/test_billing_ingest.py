"""`snowcast ingest billing`: what it takes, what it says, and the code that it ends in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployments.embedded import ensure_running
from deployments.sandbox import find
from tests.flows.conftest import Outcome, Snowcast
from tests.flows.secrets_left import find_secrets, secret_variables

USERS = "user_id,country,signup_date,plan_type,referrer\nU1,US,2023-01-05,basic,ad\n"
PAYMENTS = "payment_id,user_id,payment_date,amount\nP1,U1,2023-01-05,9.99\nP2,U1,soon,9.99\n"
RAW_ROWS = """
    SELECT 'users' AS entity, COUNT(*) AS n FROM RAW.RAW_BILLING_USERS
    UNION ALL SELECT 'payments', COUNT(*) FROM RAW.RAW_BILLING_PAYMENTS ORDER BY 1
"""

NOBODY = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1", "AWS_DEFAULT_REGION": "us-east-1"}
# Secrets with which a source is asked in place of the sandbox: only one test has them.
OF_SOURCES = ("_CLIENT_SECRET", "_API_KEY", "_SECRET_KEY", "BILLING_URL", "IDENTITY_URL", "AMPLITUDE_URL")


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the commands of this module have said so far."""
    return []


@pytest.fixture
def snowcast(snowcast: Snowcast, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Snowcast:
    """Run a command with a recognisable value in each setting that is secret."""
    for name, value in secret_variables().items():
        if not name.endswith(OF_SOURCES):
            monkeypatch.setenv(name, value)

    def call(*arguments: str, **environment: str) -> Outcome:
        done = snowcast(*arguments, **environment)
        said.append(done.out + done.err)
        return done

    return call


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two good files and two bad ones."""
    folder = tmp_path_factory.mktemp("delivered")
    (folder / "users_20261101.csv").write_text(USERS)
    (folder / "payments_20261101.csv").write_text(PAYMENTS)
    (folder / "cut_20261101.csv").write_text(USERS[:-12])
    (folder / "prices_20261101.csv").write_text("sku,price\n1,2\n")
    return folder


def rows_of(done) -> list[int]:
    return [row["N"] for row in json.loads(done.out)]


def test_bad_files_are_named_and_the_good_ones_load(snowcast, delivered):
    done = snowcast("ingest", "billing", SNOWCAST_BILLING_URL=str(delivered))
    assert done.code == 1
    assert "2 inputs refused, first: cut_20261101.csv: is cut off" in done.err
    assert "prices_20261101.csv" in done.out
    assert "billing: no unknown fields" in done.out
    assert rows_of(snowcast("sql", RAW_ROWS, "--format", "json")) == [2, 1]


def test_the_next_run_reads_what_is_new_and_names_what_is_still_bad(snowcast, delivered):
    (delivered / "users_20261102.csv").write_text(USERS)
    (delivered / "cut_20261101.csv").unlink()
    (delivered / "prices_20261101.csv").unlink()
    done = snowcast("ingest", "billing", SNOWCAST_BILLING_URL=f"file://{delivered}")
    assert done.code == 0, done.out + done.err
    assert "2 files were delivered before" in done.out
    assert "read users_20261102.csv" in done.out
    assert rows_of(snowcast("sql", RAW_ROWS, "--format", "json")) == [2, 2]


def test_the_sandbox_stays_out_where_real_files_were_delivered(snowcast):
    done = snowcast("ingest", "billing")
    assert done.code == 0, done.out + done.err
    assert "the sandbox delivers no more" in done.out
    assert rows_of(snowcast("sql", RAW_ROWS, "--format", "json")) == [2, 2]


def test_a_value_of_the_wrong_type_goes_to_the_quarantine(snowcast):
    done = snowcast("build", "--select", "stg_billing_payments")
    assert done.code == 0, done.out + done.err
    (refused,) = json.loads(snowcast("quarantine", "list", "--json").out)
    assert (refused["table"], refused["source_row"]) == ("stg_billing_payments", 2)
    assert "payment_date is text (soon)" in refused["reason"]


def test_two_exports_of_one_time_are_told_with_what_counted(snowcast, tmp_path):
    sparse = USERS.replace("US", "")
    for name, content in {"a": USERS, "b": sparse, "c": sparse}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / f"users_{name}_2026110{3 if name == 'c' else 4}.csv").write_text(content)
    (tmp_path / "a" / "users_d_20261103.csv").write_text(USERS)
    for folder in ("b", "a", "c"):  # of the third the fuller one comes first, of the fourth the sparse one
        done = snowcast("ingest", "billing", "--from-files", str(tmp_path / folder))
        assert done.code == 0, done.out + done.err
        done = snowcast("build", "--select", "stg_billing_users")
        assert done.code == 0, done.out + done.err
        told = [line for line in done.out.splitlines() if "every delivery has a time of its own" in line]
        lost, won = {"a": ("users_b_20261104", "users_a_20261104"), "c": ("users_c_20261103", "users_d_20261103")}.get(
            folder, ("", "")
        )
        assert len(told) == bool(lost), told
        assert all(f"{lost}.csv, superseded_rows 1" in line and f"{won}.csv" in line for line in told), told
    query = "SELECT country FROM STAGING.STG_BILLING_USERS WHERE snapshot_at >= '2026-11-03' ORDER BY snapshot_at"
    assert [row["COUNTRY"] for row in json.loads(snowcast("sql", query, "--format", "json").out)] == ["us", "us"]
    kept = "SELECT COUNT(*) AS n FROM OPS.VALIDATION_RESULTS WHERE rule LIKE '%time of its own' AND NOT success"
    assert rows_of(snowcast("sql", kept, "--format", "json")) == [2]


@pytest.mark.parametrize(
    ("url", "code", "told"),
    [
        ("/no/such/folder", 2, "SNOWCAST_BILLING_URL: /no/such/folder does not exist"),
        ("nowhere://key:hush-hush@bucket/x?sig=hush-hush", 2, "SNOWCAST_BILLING_URL: nowhere://key:***@bucket/x?***"),
        ("s3://bucket/x", 3, "SNOWCAST_BILLING_URL: s3://bucket/x cannot be reached (EndpointConnectionError"),
    ],
)
def test_a_place_that_cannot_be_read_ends_in_one_clear_line(snowcast, url, code, told):
    login = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hush-hush"}
    done = snowcast("ingest", "billing", SNOWCAST_BILLING_URL=url, **NOBODY, **login)
    assert done.code == code, done.out + done.err
    assert told in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert "hush-hush" not in done.out + done.err


def test_a_source_that_is_not_configured_is_told(snowcast):
    done = snowcast("ingest", "billing", SNOWCAST_TWITCH_CLIENT_ID="x", SNOWCAST_TWITCH_CLIENT_SECRET="y")
    assert done.code == 2
    assert "SNOWCAST_BILLING_URL is not set" in done.err


def test_a_source_that_fails_does_not_keep_the_others_from_being_loaded(snowcast):
    done = snowcast("run", "--select", "raw", SNOWCAST_BILLING_URL="/no/such/folder")
    assert done.code == 2
    assert "/no/such/folder does not exist" in done.err
    assert "poll twitch" in done.out
    streams = snowcast("sql", "SELECT COUNT(*) AS n FROM RAW.RAW_TWITCH_STREAMS", "--format", "json")
    assert rows_of(streams)[0] > 0


def test_wrong_secrets_are_told_without_them_and_nothing_that_is_left_holds_one(
    snowcast, home: Path, server_home: Path, said: list[str]
):
    """Of all that the tests above did: each secret setting had a value of its own, the places' own only here."""
    sandbox = find(home)
    assert sandbox
    warehouse = ensure_running(home).connection_parameters()
    login = {
        f"SNOWFLAKE_{name.upper()}": str(warehouse[name]) for name in ("account", "user", "host", "port", "protocol")
    }
    wrong = {
        **secret_variables(),
        **NOBODY,
        "SNOWCAST_TWITCH_CLIENT_ID": sandbox.client_id,
        "SNOWCAST_TWITCH_BASE_URL": sandbox.base_url,
        "SNOWCAST_TWITCH_AUTH_URL": sandbox.auth_url,
        "SNOWCAST_AMPLITUDE_EXPORT_HOST": sandbox.amplitude_url,
    }
    done = snowcast("run", "--select", "raw", "--sources", "twitch,billing,identity,amplitude", **wrong)
    assert done.code == 2
    assert [line.split(maxsplit=3)[:3] for line in done.out.splitlines() if line.startswith("✗")] == [
        ["✗", "fetch", "twitch"],
        ["✗", "fetch", "billing"],
        ["✗", "fetch", "identity"],
        ["✗", "fetch", "amplitude"],
    ]
    assert "Amplitude at" in snowcast("ingest", "amplitude", SNOWCAST_AMPLITUDE_URL="").err
    refused = snowcast("sql", "SELECT 1", SNOWCAST_WAREHOUSE="snowflake", **login)
    assert (refused.code, "Incorrect username or password" in refused.err) == (2, True), refused.err
    snowcast("--version", SNOWCAST_WAREHOUSE="embedded")
    assert list(server_home.rglob("prefect.db")), "what the server keeps is looked through, too"
    assert find_secrets([home, server_home], "".join(said)) == []
