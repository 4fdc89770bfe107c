"""Storage integrations: which places external stages may read, and what the cloud is told of who reads.

`CREATE STORAGE INTEGRATION I TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = TRUE STORAGE_AWS_ROLE_ARN = '…'
 STORAGE_ALLOWED_LOCATIONS = ('s3://bucket/prefix/')`
There is no cloud between this warehouse and the storage: the role is kept and told, and the variables that a client
hands over open the storage.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow as pa

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.kept.statements import Head, Kind
from deployments.embedded.kept.tables import KeptTable
from deployments.embedded.scanner import Options, is_true
from deployments.embedded.wire.results import status_table

_KEPT = KeptTable("_storage_integrations", ("name",))
_LIST = {"STORAGE_ALLOWED_LOCATIONS", "STORAGE_BLOCKED_LOCATIONS"}
_KNOWN = {"TYPE", "STORAGE_PROVIDER", "ENABLED", "STORAGE_AWS_ROLE_ARN", "STORAGE_AWS_EXTERNAL_ID"}
_KNOWN |= {"STORAGE_AWS_OBJECT_ACL", "AZURE_TENANT_ID", "COMMENT", *_LIST}


def _check(head: Head, options: Options, context: StatementContext) -> None:
    for name in options.keys() - _KNOWN:
        raise unsupported(f"storage integration option {name}")
    if str(options.get("STORAGE_PROVIDER", "")).upper() not in ("S3", "AZURE"):
        raise unsupported("storage integration of another provider than S3 and AZURE")
    if not options.get("STORAGE_ALLOWED_LOCATIONS"):
        raise snowflake_error("SQL compilation error:\nMissing option(s): STORAGE_ALLOWED_LOCATIONS", 2029, "42601")


def _alter(head: Head, context: StatementContext) -> pa.Table:
    """`ALTER STORAGE INTEGRATION I SET STORAGE_ALLOWED_LOCATIONS = ('s3://bucket/')`."""
    head.scanner.expect("SET")
    options = head.scanner.options()
    head.scanner.at_end()
    head.keep({**_require(context, head.name), **options}, context)
    return status_table()


def _show(name: str, options: Options) -> dict[str, str | None]:
    enabled, comment = str(is_true(options.get("ENABLED", False))).lower(), str(options.get("COMMENT", ""))
    return {"type": "EXTERNAL_STAGE", "category": "STORAGE", "enabled": enabled, "comment": comment}


KIND = Kind(
    called="Integration",
    table=_KEPT,
    check=_check,
    shown=_show,
    alter=_alter,
    is_dated=False,
    is_in_schema=False,
)


def describe(context: StatementContext, name: str) -> list[tuple[str, str, str, str]]:
    """What DESC INTEGRATION tells: property, its type, its value, its default."""
    options = _require(context, name)
    provider = str(options["STORAGE_PROVIDER"]).upper()
    rows = [
        ("ENABLED", "Boolean", str(is_true(options.get("ENABLED", False))).lower(), "false"),
        ("STORAGE_PROVIDER", "String", provider, ""),
        ("STORAGE_ALLOWED_LOCATIONS", "List", ",".join(_locations(options, "ALLOWED")), "[]"),
        ("STORAGE_BLOCKED_LOCATIONS", "List", ",".join(_locations(options, "BLOCKED")), "[]"),
    ]
    number = hashlib.sha256(name.encode()).hexdigest()
    if provider == "S3":
        external_id = options.get("STORAGE_AWS_EXTERNAL_ID", f"EMBEDDED_SFCRole={number[:16]}")
        return [
            *rows,
            ("STORAGE_AWS_IAM_USER_ARN", "String", "arn:aws:iam::000000000000:user/embedded", ""),
            ("STORAGE_AWS_ROLE_ARN", "String", str(options.get("STORAGE_AWS_ROLE_ARN", "")), ""),
            ("STORAGE_AWS_EXTERNAL_ID", "String", str(external_id), ""),
        ]
    tenant = str(options.get("AZURE_TENANT_ID", ""))
    consent = f"https://login.microsoftonline.com/{tenant}/oauth2/authorize?client_id={number[:8]}&response_type=code"
    return [
        *rows,
        ("AZURE_TENANT_ID", "String", tenant, ""),
        ("AZURE_CONSENT_URL", "String", consent, ""),
        ("AZURE_MULTI_TENANT_APP_NAME", "String", f"embedded_{number[:8]}", ""),
    ]


def require_allowed(context: StatementContext, name: str, url: str) -> None:
    """Check that an integration lets a stage read a place.

    Raises:
        ProgrammingError: There is no such integration, it is disabled, or the place is not among its locations.
    """
    options = _require(context, name)
    if not is_true(options.get("ENABLED", False)):
        raise snowflake_error(f"Integration '{name}' is disabled.", 3093, "42601")
    within = url.rstrip("/") + "/"

    def covers(kind: str) -> bool:
        return any(one == "*" or within.startswith(one.rstrip("/") + "/") for one in _locations(options, kind))

    if not covers("ALLOWED") or covers("BLOCKED"):
        raise snowflake_error(
            f"SQL compilation error:\nLocation '{url}' is not allowed by integration '{name}'. "
            "Please use DESC INTEGRATION to check out allowed and blocked locations.",
            3091,
            "42601",
        )


def _require(context: StatementContext, name: str) -> Options:
    if (row := _KEPT.read(context, name)) is None:
        raise does_not_exist("Integration", name)
    return dict(json.loads(row["options"]))


def _locations(options: Options, kind: str) -> list[str]:
    given: Any = options.get(f"STORAGE_{kind}_LOCATIONS", [])
    return [str(one) for one in (given if isinstance(given, list) else [given])]
