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

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.names import Key
from deployments.embedded.scanner import Options, is_true

_TABLE = "_fs_global._fs_information_schema._storage_integrations"
_LIST = {"STORAGE_ALLOWED_LOCATIONS", "STORAGE_BLOCKED_LOCATIONS"}
_KNOWN = {"TYPE", "STORAGE_PROVIDER", "ENABLED", "STORAGE_AWS_ROLE_ARN", "STORAGE_AWS_EXTERNAL_ID"}
_KNOWN |= {"STORAGE_AWS_OBJECT_ACL", "AZURE_TENANT_ID", "COMMENT", *_LIST}


def create(context: StatementContext, key: Key, options: Options, *, temporary: bool, replace: bool) -> bool:
    """Create an integration; False if it is there already and was left alone."""
    for name in options.keys() - _KNOWN:
        raise unsupported(f"storage integration option {name}")
    if temporary or str(options.get("STORAGE_PROVIDER", "")).upper() not in ("S3", "AZURE"):
        raise unsupported("storage integration of another provider than S3 and AZURE")
    if not options.get("STORAGE_ALLOWED_LOCATIONS"):
        raise snowflake_error("SQL compilation error:\nMissing option(s): STORAGE_ALLOWED_LOCATIONS", 2029, "42601")
    if find(context, key[2]) is not None and not replace:
        return False
    _store(context, key[2], options)
    return True


def alter(context: StatementContext, key: Key, options: Options) -> None:
    """Set options of an integration."""
    known = _require(context, key[2])
    _store(context, key[2], {**known, **options})


def drop(context: StatementContext, key: Key) -> bool:
    """Drop an integration; False if there is none."""
    if find(context, key[2]) is None:
        return False
    with context.duck_conn.cursor() as catalog:
        catalog.execute(f"DELETE FROM {_TABLE} WHERE name = ?", [key[2]])
    return True


def describe(context: StatementContext, key: Key) -> list[tuple[str, str, str, str]]:
    """What DESC INTEGRATION tells: property, its type, its value, its default."""
    options = _require(context, key[2])
    provider = str(options["STORAGE_PROVIDER"]).upper()
    rows = [
        ("ENABLED", "Boolean", str(is_true(options.get("ENABLED", False))).lower(), "false"),
        ("STORAGE_PROVIDER", "String", provider, ""),
        ("STORAGE_ALLOWED_LOCATIONS", "List", ",".join(_locations(options, "ALLOWED")), "[]"),
        ("STORAGE_BLOCKED_LOCATIONS", "List", ",".join(_locations(options, "BLOCKED")), "[]"),
    ]
    number = hashlib.sha256(key[2].encode()).hexdigest()
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


def show(context: StatementContext) -> list[tuple[str, str, str, str, str]]:
    """What SHOW INTEGRATIONS tells: name, type, category, whether it is enabled, comment."""
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(f"SELECT name, options FROM {_TABLE} ORDER BY name").fetchall()
    kept = [(str(name), dict(json.loads(options))) for name, options in rows]
    return [
        (
            name,
            "EXTERNAL_STAGE",
            "STORAGE",
            str(is_true(one.get("ENABLED", False))).lower(),
            str(one.get("COMMENT", "")),
        )
        for name, one in kept
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


def find(context: StatementContext, name: str) -> Options | None:
    """The options of an integration; None where there is none."""
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(f"SELECT options FROM {_TABLE} WHERE name = ?", [name]).fetchall()
    return dict(json.loads(rows[0][0])) if rows else None


def not_found(key: Key) -> Exception:
    """Snowflake's error for an integration that is not there."""
    return does_not_exist("Integration", key[2])


def _require(context: StatementContext, name: str) -> Options:
    options = find(context, name)
    if options is None:
        raise does_not_exist("Integration", name)
    return options


def _store(context: StatementContext, name: str, options: Options) -> None:
    with context.duck_conn.cursor() as catalog:
        catalog.execute(f"DELETE FROM {_TABLE} WHERE name = ?", [name])
        catalog.execute(f"INSERT INTO {_TABLE} VALUES (?, ?)", [name, json.dumps(options)])


def _locations(options: Options, kind: str) -> list[str]:
    given: Any = options.get(f"STORAGE_{kind}_LOCATIONS", [])
    return [str(one) for one in (given if isinstance(given, list) else [given])]
