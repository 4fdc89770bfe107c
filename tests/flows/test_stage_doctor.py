"""`snowcast doctor --stage`: one object through each place, and the line that gives what is missing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deployments.embedded import open_storage
from deployments.storage import Place, Storage, StorageError
from flows.load.probe import Probed, explain_stage, probe_place
from flows.settings import LandingTarget, Settings, load_settings
from tests.places import KINDS, cloud_variables, empty_place

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from deployments.embedded import Endpoint

STEPS = ["write", "list", "read", "remove"]


def settings_of(place: Place, database: str, endpoint: Endpoint, **changes: Any) -> Settings:
    open_storage(endpoint, cloud_variables(), [f"/{place.prefix}"] if place.kind == "file" else [])
    return load_settings(database=database, landing=place.url.rstrip("/"), **changes)


def probe(session: Session, settings: Settings) -> list[Probed]:
    return probe_place(session, settings, settings.landing_of("twitch"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_goes_through_each_kind_of_place(
    kind: str, request: pytest.FixtureRequest, session: Session, database: str, endpoint: Endpoint
) -> None:
    place = empty_place(kind, request)

    found = probe(session, settings_of(place, database, endpoint))

    assert [(one.step, one.is_done) for one in found] == [(step, True) for step in STEPS]
    assert list(Storage(place).list_objects()) == []


def test_what_an_integration_lacks_is_told_with_the_line_that_gives_it(
    request: pytest.FixtureRequest, session: Session, database: str, endpoint: Endpoint
) -> None:
    place = empty_place("s3", request)
    name = f"I_{database}"
    settings = settings_of(place, database, endpoint, s3_integration=name)

    wrote, missing, removed = probe(session, settings)
    assert (wrote.is_done, missing.is_done, removed.is_done) == (True, False, True)
    assert missing.detail.startswith("integration or grant: ")
    assert f"GRANT USAGE ON INTEGRATION {name} TO ROLE SYSADMIN" in missing.detail
    session.sql(
        f"CREATE STORAGE INTEGRATION {name} TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = FALSE "
        "STORAGE_AWS_ROLE_ARN = 'arn:aws:iam::123456789012:role/r' STORAGE_ALLOWED_LOCATIONS = ('s3://other/x/')"
    ).collect()

    ran = []
    for _ in range(2):
        _, lacking, _ = probe(session, settings)
        (line,) = re.findall(r"Run: (.*)", lacking.detail)
        ran.append(line)
        session.sql(line).collect()

    assert ran == [
        f"ALTER STORAGE INTEGRATION {name} SET ENABLED = TRUE",
        f"ALTER STORAGE INTEGRATION {name} SET STORAGE_ALLOWED_LOCATIONS = ('s3://other/x/', '{place.url}')",
    ]
    assert [one.is_done for one in probe(session, settings)] == [True] * 4
    session.sql(f"DROP INTEGRATION {name}").collect()


TOLD = {
    "STORAGE_AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/snowcast",
    "STORAGE_AWS_IAM_USER_ARN": "arn:aws:iam::999:user/abc",
    "STORAGE_AWS_EXTERNAL_ID": "XY_SFCRole=1",
    "AZURE_CONSENT_URL": "https://login.microsoftonline.com/t/oauth2/authorize?client_id=c",
    "AZURE_MULTI_TENANT_APP_NAME": "snowflakepacint_1",
}


@pytest.mark.parametrize(
    ("url", "text", "told"),
    [
        (
            "s3://bucket/in",
            "Error assuming AWS_ROLE: User: arn:aws:iam::999:user/abc is not authorized to perform: sts:AssumeRole",
            ["trust: ", "update-assume-role-policy --role-name snowcast", "arn:aws:iam::999:user/abc", "XY_SFCRole=1"],
        ),
        (
            "s3://bucket/in",
            "Failure using stage area. Cause: [Access Denied (Status Code: 403; Error Code: AccessDenied)]",
            ["bucket policy: ", "put-role-policy --role-name snowcast", "arn:aws:s3:::bucket/in/*", "s3:ListBucket"],
        ),
        (
            "azure://account.blob.core.windows.net/box/in",
            "Failure using stage area. Cause: [AADSTS700016: Application was not found in the directory]",
            ["trust: ", "https://login.microsoftonline.com/t/oauth2"],
        ),
        (
            "azure://account.blob.core.windows.net/box/in",
            "Failure using stage area. Cause: [Server failed to authenticate the request. (Status Code: 403)]",
            ["Storage Blob Data Reader", "service principal snowflakepacint", "account account", "containers/box"],
        ),
        ("s3://bucket/in", "Stage 'A.RAW.LANDING' does not exist or not authorized.", ["GRANT USAGE ON STAGE"]),
        ("s3://bucket/in", "Something else", ["Something else"]),
    ],
)
def test_what_snowflake_says_is_told_apart(url: str, text: str, told: list[str]) -> None:
    found = explain_stage(text, LandingTarget(Place.parse(url), "SNOWCAST_INT"), TOLD)
    assert [part for part in told if part not in found] == []


@pytest.mark.parametrize(
    ("kind", "told"),
    [("absent", "aws s3 mb s3://bucket"), ("denied", "may not s3:PutObject"), ("unreachable", "cannot be used: told")],
)
def test_what_this_process_lacks_is_told(
    kind: str, told: str, session: Session, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise StorageError(kind, "told")

    monkeypatch.setattr(Storage, "send", refuse)
    (found,) = probe(session, load_settings(database=database, landing="s3://bucket/in"))
    assert (found.step, found.is_done) == ("write", False)
    assert told in found.detail


def test_the_command_prints_a_line_for_each_step(home: Path, snowcast: Any, tmp_path: Path) -> None:
    assert "landing files stay inside" in snowcast("doctor", "--stage").out
    done = snowcast("doctor", "--stage", "--json", SNOWCAST_LANDING=f"file://{tmp_path}/place")
    assert done.code == 0
    assert [one["check"].split()[0] for one in json.loads(done.out)] == STEPS
