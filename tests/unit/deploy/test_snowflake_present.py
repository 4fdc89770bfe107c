"""What `snowcast deploy snowflake` reads of an account, spelled as the scripts spell it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snowflake.snowpark import Row

from flows.deploy.snowflake.declared import Declared, DeclaredGrant, DeclaredObject
from flows.deploy.snowflake.present import read_present


def test_what_show_tells_is_read_as_the_scripts_spell_it():
    """An account has a name of its own there, kinds have an underscore, and a grant on what will be a placeholder."""
    told: dict[str, list[dict[str, Any]]] = {
        "SHOW ROLES": [{"name": "SNOWCAST_LOADER", "comment": None}],
        "SHOW USERS": [{"name": "SNOWCAST_SERVICE", "comment": ""}],
        "SHOW RESOURCE MONITORS": [
            {"name": "M", "notify_at": "75%, 90%", "suspend_at": None, "suspend_immediately_at": "110%"}
        ],
        "SHOW STORAGE INTEGRATIONS": [{"name": "I", "enabled": "true"}, {"name": "OF_OTHERS", "enabled": "true"}],
        "DESC INTEGRATION I": [
            {"property": "ENABLED", "property_type": "Boolean", "property_value": "true", "property_default": "false"},
            {
                "property": "STORAGE_ALLOWED_LOCATIONS",
                "property_type": "List",
                "property_value": "s3://a/,s3://b/",
                "property_default": "[]",
            },
            {"property": "STORAGE_BLOCKED_LOCATIONS", "property_type": "List", "property_value": None},
        ],
        "SHOW DATABASES": [{"name": "ANALYTICS", "comment": ""}],
        "SHOW SCHEMAS IN DATABASE analytics": [
            {"name": name, "database_name": "ANALYTICS"} for name in ("OPS", "INFORMATION_SCHEMA")
        ],
        "SHOW FILE FORMATS IN DATABASE analytics": [
            {"name": "NDJSON_GZ", "database_name": "ANALYTICS", "schema_name": "RAW", "type": "JSON"}
        ],
        "SHOW GRANTS TO ROLE SNOWCAST_LOADER": [
            {"privilege": "EXECUTE TASK", "granted_on": "ACCOUNT", "name": "AB12345"},
            {"privilege": "USAGE", "granted_on": "FILE_FORMAT", "name": "ANALYTICS.RAW.NDJSON_GZ"},
        ],
        "SHOW FUTURE GRANTS TO ROLE SNOWCAST_LOADER": [
            {"privilege": "USAGE", "grant_on": "FILE_FORMAT", "name": "ANALYTICS.<FILE_FORMAT>"},
            {"privilege": "INSERT", "grant_on": "TABLE", "name": "ANALYTICS.OPS.<TABLE>"},
        ],
        "SHOW GRANTS TO USER SNOWCAST_SERVICE": [{"role": "SNOWCAST_LOADER"}],
    }
    rows = {statement: [Row(**row) for row in found] for statement, found in told.items()}
    session: Any = SimpleNamespace(sql=lambda text: SimpleNamespace(collect=lambda: rows.get(text, [])))
    grantees = (("ROLE", "SNOWCAST_LOADER"), ("USER", "SNOWCAST_SERVICE"), ("ROLE", "NOT_THERE"))
    declared: list[Declared] = [DeclaredGrant("USAGE", "ROLE", "X", "ONE", *whose, "R", "…") for whose in grantees]
    declared.append(DeclaredObject("STORAGE INTEGRATION", "I", {}, "R", "…"))

    found = read_present(session, "analytics", declared)

    assert {kind: there for kind, there in found.objects.items() if there} == {
        "ROLE": {"SNOWCAST_LOADER": {"name": "SNOWCAST_LOADER", "comment": ""}},
        "USER": {"SNOWCAST_SERVICE": {"name": "SNOWCAST_SERVICE", "comment": ""}},
        "RESOURCE MONITOR": {
            "M": {
                "name": "M",
                "notify_at": "75%, 90%",
                "suspend_at": "",
                "suspend_immediately_at": "110%",
                "triggers": "ON 75 PERCENT DO NOTIFY ON 90 PERCENT DO NOTIFY ON 110 PERCENT DO SUSPEND_IMMEDIATE",
            }
        },
        "STORAGE INTEGRATION": {
            "I": {
                "name": "I",
                "enabled": "true",
                "storage_allowed_locations": "s3://a/,s3://b/",
                "storage_blocked_locations": "",
            },
            "OF_OTHERS": {"name": "OF_OTHERS", "enabled": "true"},
        },
        "DATABASE": {"ANALYTICS": {"name": "ANALYTICS", "comment": ""}},
        "SCHEMA": {"ANALYTICS.OPS": {"name": "OPS", "database_name": "ANALYTICS"}},
        "FILE FORMAT": {
            "ANALYTICS.RAW.NDJSON_GZ": {
                "name": "NDJSON_GZ",
                "database_name": "ANALYTICS",
                "schema_name": "RAW",
                "type": "JSON",
            }
        },
    }
    assert found.granted == {
        ("ROLE", "SNOWCAST_LOADER"): {
            ("EXECUTE TASK", "ACCOUNT", ""),
            ("USAGE", "FILE FORMAT", "ANALYTICS.RAW.NDJSON_GZ"),
        },
        ("USER", "SNOWCAST_SERVICE"): {("USAGE", "ROLE", "SNOWCAST_LOADER")},
    }
    assert found.granted_on_future == {
        ("ROLE", "SNOWCAST_LOADER"): {("USAGE", "FILE FORMAT", "ANALYTICS"), ("INSERT", "TABLE", "ANALYTICS.OPS")}
    }
