"""An account in which everything is in place, as SHOW tells it, and one difference at a time with what a plan says."""

from __future__ import annotations

ACCOUNT = {
    "warehouse": "snowflake",
    "landing": "s3://landing/snowcast",
    "s3_integration": "SNOWCAST_S3",
    "s3_role_arn": "arn:aws:iam::000000000000:role/reads",
    "dashboard_compute_pool": "PAGES",
    "dashboard_packages_integration": "PYPI",
}
STAGE, ROOT = "ANALYTICS.RAW.LANDING_S3_C7E8DB50", "ANALYTICS.OPS.ARRIVALS"
GAMES = "ANALYTICS.OPS.BUILD_DIM_GAMES"
# What SHOW tells of each kind, spelled as Snowflake spells it.
SHOWN = {
    "WAREHOUSE": {
        "size": "X-Small",
        "auto_suspend": "60",
        "auto_resume": "true",
        "resource_monitor": "SNOWCAST_WH_MONITOR",
        "comment": "Snowcast flows",
    },
    "RESOURCE MONITOR": {"credit_quota": "50.00", "frequency": "MONTHLY"},
    "USER": {
        "type": "SERVICE",
        "default_role": "SNOWCAST_LOADER",
        "default_warehouse": "SNOWCAST_WH",
        "comment": "Snowcast flows",
    },
    "STORAGE INTEGRATION": {"enabled": "true", "storage_allowed_locations": "s3://landing/snowcast/"},
    "FILE FORMAT": {"type": "JSON"},
    "STREAM": {"stale": "false"},
    "COMPUTE POOL": {"max_nodes": "1", "comment": "Snowcast dashboard"},
    "STREAMLIT": {"query_warehouse": "SNOWCAST_WH", "title": "Snowcast"},
}
# Kind, object, column of SHOW and what it tells instead; the change: sign, why, role, statement.
CHANGED = {
    "size": (
        ("WAREHOUSE", "SNOWCAST_WH", "size", "Large"),
        ("~", "WAREHOUSE_SIZE is Large, declared is XSMALL", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET WAREHOUSE_SIZE = XSMALL",
    ),
    "pause until sleep": (
        ("WAREHOUSE", "SNOWCAST_WH", "auto_suspend", "600"),
        ("~", "AUTO_SUSPEND is 600, declared is 60", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET AUTO_SUSPEND = 60",
    ),
    "waking up": (
        ("WAREHOUSE", "SNOWCAST_WH", "auto_resume", "false"),
        ("~", "AUTO_RESUME is false, declared is TRUE", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET AUTO_RESUME = TRUE",
    ),
    "no monitor": (
        ("WAREHOUSE", "SNOWCAST_WH", "resource_monitor", "null"),
        ("~", "RESOURCE_MONITOR is null, declared is SNOWCAST_WH_MONITOR", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET RESOURCE_MONITOR = SNOWCAST_WH_MONITOR",
    ),
    "case of a comment": (
        ("WAREHOUSE", "SNOWCAST_WH", "comment", "snowcast flows"),
        ("~", "COMMENT is snowcast flows, declared is Snowcast flows", "ACCOUNTADMIN"),
        "ALTER WAREHOUSE SNOWCAST_WH SET COMMENT = 'Snowcast flows'",
    ),
    "quota": (
        ("RESOURCE MONITOR", "SNOWCAST_WH_MONITOR", "credit_quota", "40.00"),
        ("~", "CREDIT_QUOTA is 40.00, declared is 50", "ACCOUNTADMIN"),
        "ALTER RESOURCE MONITOR SNOWCAST_WH_MONITOR SET CREDIT_QUOTA = 50",
    ),
    "frequency": (
        ("RESOURCE MONITOR", "SNOWCAST_WH_MONITOR", "frequency", "DAILY"),
        ("~", "FREQUENCY is DAILY, declared is MONTHLY", "ACCOUNTADMIN"),
        "ALTER RESOURCE MONITOR SNOWCAST_WH_MONITOR SET FREQUENCY = MONTHLY START_TIMESTAMP = IMMEDIATELY",
    ),
    "when it notifies": (
        ("RESOURCE MONITOR", "SNOWCAST_WH_MONITOR", "triggers", "ON 95 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND"),
        (
            "~",
            "TRIGGERS is ON 95 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND, "
            "declared is ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND",
            "ACCOUNTADMIN",
        ),
        "ALTER RESOURCE MONITOR SNOWCAST_WH_MONITOR SET CREDIT_QUOTA = 50 "
        "TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND",
    ),
    "whether it stops anything": (
        ("RESOURCE MONITOR", "SNOWCAST_WH_MONITOR", "triggers", ""),
        (
            "~",
            "TRIGGERS is not set, declared is ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND",
            "ACCOUNTADMIN",
        ),
        "ALTER RESOURCE MONITOR SNOWCAST_WH_MONITOR SET CREDIT_QUOTA = 50 "
        "TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND",
    ),
    "comment of a role": (
        ("ROLE", "SNOWCAST_READER", "comment", ""),
        ("~", "COMMENT is not set, declared is Reads the marts", "USERADMIN"),
        "ALTER ROLE SNOWCAST_READER SET COMMENT = 'Reads the marts'",
    ),
    "type of the user": (
        ("USER", "SNOWCAST_SERVICE", "type", "PERSON"),
        ("~", "TYPE is PERSON, declared is SERVICE", "USERADMIN"),
        "ALTER USER SNOWCAST_SERVICE SET TYPE = SERVICE",
    ),
    "role of the user": (
        ("USER", "SNOWCAST_SERVICE", "default_role", ""),
        ("~", "DEFAULT_ROLE is not set, declared is SNOWCAST_LOADER", "USERADMIN"),
        "ALTER USER SNOWCAST_SERVICE SET DEFAULT_ROLE = SNOWCAST_LOADER",
    ),
    "warehouse of the user": (
        ("USER", "SNOWCAST_SERVICE", "default_warehouse", "OTHER"),
        ("~", "DEFAULT_WAREHOUSE is OTHER, declared is SNOWCAST_WH", "USERADMIN"),
        "ALTER USER SNOWCAST_SERVICE SET DEFAULT_WAREHOUSE = SNOWCAST_WH",
    ),
    "integration": (
        ("STORAGE INTEGRATION", "SNOWCAST_S3", "enabled", "false"),
        ("~", "ENABLED is false, declared is TRUE", "ACCOUNTADMIN"),
        "ALTER STORAGE INTEGRATION SNOWCAST_S3 SET ENABLED = TRUE",
    ),
    "role of an integration": (
        ("STORAGE INTEGRATION", "SNOWCAST_S3", "storage_aws_role_arn", "arn:aws:iam::1:role/other"),
        (
            "!",
            "STORAGE_AWS_ROLE_ARN is arn:aws:iam::1:role/other, declared is arn:aws:iam::000000000000:role/reads",
            "ACCOUNTADMIN",
        ),
        "ALTER STORAGE INTEGRATION SNOWCAST_S3 SET STORAGE_AWS_ROLE_ARN = 'arn:aws:iam::000000000000:role/reads'",
    ),
    "place that an integration may not read": (
        ("STORAGE INTEGRATION", "SNOWCAST_S3", "storage_allowed_locations", ""),
        ("~", "STORAGE_ALLOWED_LOCATIONS lacks s3://landing/snowcast/", "ACCOUNTADMIN"),
        "ALTER STORAGE INTEGRATION SNOWCAST_S3 SET STORAGE_ALLOWED_LOCATIONS = ('s3://landing/snowcast/')",
    ),
    "place that an integration may read": (
        ("STORAGE INTEGRATION", "SNOWCAST_S3", "storage_allowed_locations", "s3://else/,s3://landing/snowcast/"),
        ("!", "STORAGE_ALLOWED_LOCATIONS has s3://else/, declared nowhere", "ACCOUNTADMIN"),
        "ALTER STORAGE INTEGRATION SNOWCAST_S3 SET STORAGE_ALLOWED_LOCATIONS = ('s3://landing/snowcast/')",
    ),
    "everything that an integration may read": (
        ("STORAGE INTEGRATION", "SNOWCAST_S3", "storage_allowed_locations", "*"),
        ("!", "STORAGE_ALLOWED_LOCATIONS has *, declared nowhere", "ACCOUNTADMIN"),
        "ALTER STORAGE INTEGRATION SNOWCAST_S3 SET STORAGE_ALLOWED_LOCATIONS = ('s3://landing/snowcast/')",
    ),
    "file format": (
        ("FILE FORMAT", "ANALYTICS.RAW.NDJSON_GZ", "type", "CSV"),
        ("!", "TYPE is CSV, declared is JSON; once it is dropped, deploy again", "SNOWCAST_OWNER"),
        "DROP FILE FORMAT ANALYTICS.RAW.NDJSON_GZ",
    ),
    "place of a stage": (
        ("STAGE", STAGE, "url", "s3://landing/other"),
        ("!", "URL is s3://landing/other, declared is s3://landing/snowcast/", "SNOWCAST_OWNER"),
        f"ALTER STAGE {STAGE} SET URL = 's3://landing/snowcast/'",
    ),
    "integration of a stage": (
        ("STAGE", STAGE, "storage_integration", "OTHER"),
        ("!", "STORAGE_INTEGRATION is OTHER, declared is SNOWCAST_S3", "SNOWCAST_OWNER"),
        f"ALTER STAGE {STAGE} SET STORAGE_INTEGRATION = SNOWCAST_S3",
    ),
    "nodes": (
        ("COMPUTE POOL", "PAGES", "max_nodes", "3"),
        ("~", "MAX_NODES is 3, declared is 1", "ACCOUNTADMIN"),
        "ALTER COMPUTE POOL PAGES SET MAX_NODES = 1",
    ),
    "title": (
        ("STREAMLIT", "ANALYTICS.APPS.DASHBOARD", "title", "Other"),
        ("~", "TITLE is Other, declared is Snowcast", "SNOWCAST_OWNER"),
        "ALTER STREAMLIT ANALYTICS.APPS.DASHBOARD SET TITLE = 'Snowcast'",
    ),
    "mode of a stream": (
        ("STREAM", "ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES", "mode", "DEFAULT"),
        ("!", "MODE is DEFAULT, declared is APPEND_ONLY; once it is dropped, deploy again", "SNOWCAST_LOADER"),
        "DROP STREAM ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES",
    ),
    "stream that was not read for too long": (
        ("STREAM", "ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES", "stale", "true"),
        ("!", "STALE is true, declared is FALSE; once it is dropped, deploy again", "SNOWCAST_LOADER"),
        "DROP STREAM ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES",
    ),
    "table of a stream": (
        ("STREAM", "ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES", "table_name", "ANALYTICS.RAW.OTHER"),
        (
            "!",
            "TABLE_NAME is ANALYTICS.RAW.OTHER, declared is ANALYTICS.RAW.RAW_TWITCH_GAMES; "
            "once it is dropped, deploy again",
            "SNOWCAST_LOADER",
        ),
        "DROP STREAM ANALYTICS.OPS.NEW_RAW_TWITCH_GAMES",
    ),
}
# Kind, object, column, what it tells: the object's own statement makes it again.
MADE_AGAIN = {
    "code": ("PROCEDURE", "ANALYTICS.OPS.BUILD_TABLE", "description", "snowcast_0.zip"),
    "warehouse of a task": ("TASK", GAMES, "warehouse", "OTHER"),
    "condition of the root": ("TASK", ROOT, "condition", "SYSTEM$STREAM_HAS_DATA('X')"),
    "what a task runs": ("TASK", GAMES, "definition", "SELECT 1"),
    "what a task waits for": ("TASK", GAMES, "predecessors", "[]"),
    "how often the root runs": ("TASK", ROOT, "comment", ""),
}
# Grants that are not held, each with whether on future objects: the change's words and reason.
LACKING = {
    "of one": (
        ("SNOWCAST_LOADER", False, ("OPERATE", "WAREHOUSE", "SNOWCAST_WH")),
        ("OPERATE on SNOWCAST_WH to SNOWCAST_LOADER", "is not granted", "ACCOUNTADMIN"),
        "GRANT OPERATE ON WAREHOUSE SNOWCAST_WH TO ROLE SNOWCAST_LOADER",
    ),
    "of a role": (
        ("SNOWCAST_OWNER", False, ("USAGE", "ROLE", "SNOWCAST_LOADER")),
        ("USAGE on SNOWCAST_LOADER to SNOWCAST_OWNER", "is not granted", "SECURITYADMIN"),
        "GRANT ROLE SNOWCAST_LOADER TO ROLE SNOWCAST_OWNER",
    ),
    "of the account": (
        ("SNOWCAST_LOADER", False, ("EXECUTE TASK", "ACCOUNT", "")),
        ("EXECUTE TASK on the account to SNOWCAST_LOADER", "is not granted", "ACCOUNTADMIN"),
        "GRANT EXECUTE TASK ON ACCOUNT TO ROLE SNOWCAST_LOADER",
    ),
    "of all": (
        ("SNOWCAST_READER", False, ("USAGE", "SCHEMA", "ANALYTICS.OPS")),
        ("USAGE on all schemas in ANALYTICS to SNOWCAST_READER", "is missing on 1 of 8: OPS", "SECURITYADMIN"),
        "GRANT USAGE ON ALL SCHEMAS IN DATABASE ANALYTICS TO ROLE SNOWCAST_READER",
    ),
    "of what will be": (
        ("SNOWCAST_READER", True, ("SELECT", "VIEW", "ANALYTICS")),
        ("SELECT on future views in ANALYTICS to SNOWCAST_READER", "is not granted", "SECURITYADMIN"),
        "GRANT SELECT ON FUTURE VIEWS IN DATABASE ANALYTICS TO ROLE SNOWCAST_READER",
    ),
    "one of a statement's": (
        ("SNOWCAST_LOADER", True, ("WRITE", "STAGE", "ANALYTICS")),
        ("WRITE on future stages in ANALYTICS to SNOWCAST_LOADER", "is not granted", "SECURITYADMIN"),
        "GRANT READ, WRITE ON FUTURE STAGES IN DATABASE ANALYTICS TO ROLE SNOWCAST_LOADER",
    ),
}
# Grants beyond what is declared: they are told, with what takes them away.
BEYOND = {
    "on one": (
        ("SNOWCAST_READER", False, ("DELETE", "TABLE", "ANALYTICS.OPS.RUNS")),
        "DELETE on TABLE ANALYTICS.OPS.RUNS to SNOWCAST_READER",
        "REVOKE DELETE ON TABLE ANALYTICS.OPS.RUNS FROM ROLE SNOWCAST_READER",
    ),
    "on what will be in a schema": (
        ("SNOWCAST_READER", True, ("DELETE", "TABLE", "ANALYTICS.OPS")),
        "DELETE on FUTURE TABLES IN SCHEMA ANALYTICS.OPS to SNOWCAST_READER",
        "REVOKE DELETE ON FUTURE TABLES IN SCHEMA ANALYTICS.OPS FROM ROLE SNOWCAST_READER",
    ),
    "on what will be in the database": (
        ("SNOWCAST_READER", True, ("DELETE", "TABLE", "ANALYTICS")),
        "DELETE on FUTURE TABLES IN DATABASE ANALYTICS to SNOWCAST_READER",
        "REVOKE DELETE ON FUTURE TABLES IN DATABASE ANALYTICS FROM ROLE SNOWCAST_READER",
    ),
    "of a role": (
        ("SNOWCAST_READER", False, ("USAGE", "ROLE", "SYSADMIN")),
        "USAGE on ROLE SYSADMIN to SNOWCAST_READER",
        "REVOKE ROLE SYSADMIN FROM ROLE SNOWCAST_READER",
    ),
}
