"""Snowflake's view of what is in the databases: INFORMATION_SCHEMA, SHOW and DESCRIBE read these macros.

Temporary tables lie in DuckDB's temporary catalog under their full name; here they are told under their own.
"""

from __future__ import annotations

from deployments.embedded.sql.macros import HOME
from deployments.embedded.sql.view_definitions import FIND_TEXT

# What the warehouse keeps of stages, file formats, roles and grants, beside the databases.
CREATE = """
    CREATE SCHEMA IF NOT EXISTS _fs_global._fs_information_schema;
    CREATE TABLE IF NOT EXISTS _fs_global._fs_information_schema._fs_stages (
        created_on TIMESTAMPTZ, name TEXT, database_name TEXT, schema_name TEXT, url TEXT, has_credentials TEXT,
        has_encryption_key TEXT, owner TEXT, comment TEXT, region TEXT, type TEXT, cloud TEXT,
        notification_channel TEXT, storage_integration TEXT, endpoint TEXT, owner_role_type TEXT,
        directory_enabled TEXT, PRIMARY KEY (database_name, schema_name, name));
    CREATE TABLE IF NOT EXISTS _fs_global._fs_information_schema._stage_options
        (database_name TEXT, schema_name TEXT, name TEXT, options TEXT);
    CREATE TABLE IF NOT EXISTS _fs_global._fs_information_schema._pipes
        (database_name TEXT, schema_name TEXT, name TEXT, id TEXT, definition TEXT, auto_ingest BOOLEAN, paused BOOLEAN,
        comment TEXT, created_on TIMESTAMPTZ);
    CREATE TABLE IF NOT EXISTS _fs_global._fs_information_schema._pipe_queue
        (id TEXT, file TEXT, PRIMARY KEY (id, file));
    CREATE TABLE IF NOT EXISTS _fs_global._fs_information_schema._storage_integrations (name TEXT, options TEXT);
    CREATE TABLE IF NOT EXISTS _fs_global._fs_information_schema._account_objects (kind TEXT, name TEXT, options TEXT);
    CREATE TABLE IF NOT EXISTS _fs_global._fs_information_schema._grants (privilege TEXT, granted_on TEXT, name TEXT,
        granted_to TEXT, grantee TEXT, is_future BOOLEAN, known TEXT);
    CREATE TABLE IF NOT EXISTS _fs_global._fs_information_schema._fs_file_formats (
        created_on TIMESTAMPTZ, name TEXT, database_name TEXT, schema_name TEXT, type TEXT, options TEXT,
        comment TEXT DEFAULT '', PRIMARY KEY (database_name, schema_name, name));
"""
_HIDDEN = "('_fs_global', 'memory', 'system', 'temp')"
_OBJECT = """
    CASE WHEN temporary THEN split_part({name}, '.', 1) ELSE database_name END AS catalog,
    CASE WHEN temporary THEN split_part({name}, '.', 2) ELSE schema_name END AS schema,
    CASE WHEN temporary THEN split_part({name}, '.', 3) ELSE {name} END AS name,
    database_name AS held_in, {name} AS held_as, temporary, split_part(comment, chr(31), 1) AS comment,
    coalesce(split_part(comment, chr(31), 2), '') AS kept_as,
    coalesce(split_part(comment, chr(31), 3), '') AS cluster_by, sql"""
_INTEGER = "('BIGINT', 'INTEGER', 'HUGEINT', 'SMALLINT', 'TINYINT', 'UBIGINT', 'UINTEGER', 'UHUGEINT')"

SCALARS: dict[str, str] = {
    # the text of a view as it was sent; views of older versions have DuckDB's only
    "sf_view_text(sql)": f"""
        coalesce(nullif(replace(regexp_extract(sql, '{FIND_TEXT}', 1), '''''', ''''), ''), sql)""",
    "sf_type_word(t, declared)": f"""
        CASE WHEN declared <> '' THEN declared
        WHEN t LIKE 'DECIMAL%' OR t IN {_INTEGER} THEN 'NUMBER' WHEN t LIKE '%]' THEN 'ARRAY'
        WHEN t LIKE 'STRUCT%' OR t LIKE 'MAP%' THEN 'OBJECT'
        WHEN t IN ('DOUBLE', 'FLOAT') THEN 'FLOAT' WHEN t = 'BLOB' THEN 'BINARY' WHEN t = 'JSON' THEN 'VARIANT'
        WHEN t = 'TIMESTAMP WITH TIME ZONE' THEN 'TIMESTAMP_TZ' WHEN t LIKE 'TIMESTAMP%' THEN 'TIMESTAMP_NTZ'
        WHEN t IN ('BOOLEAN', 'DATE', 'TIME') THEN t ELSE 'TEXT' END""",
    "sf_precision(t)": f"""
        CASE WHEN t IN {_INTEGER} THEN 38
        WHEN t LIKE 'DECIMAL%' THEN CAST(regexp_extract(t, '(\\d+),', 1) AS BIGINT) END""",
    "sf_scale(t)": f"""
        CASE WHEN t IN {_INTEGER} THEN 0
        WHEN t LIKE 'DECIMAL%' THEN CAST(regexp_extract(t, ',\\s*(\\d+)', 1) AS BIGINT) END""",
    "sf_type_name(t, length, declared)": f"""
        CASE {HOME}.sf_type_word(t, declared)
        WHEN 'NUMBER' THEN 'NUMBER(' || {HOME}.sf_precision(t) || ',' || {HOME}.sf_scale(t) || ')'
        WHEN 'TEXT' THEN 'VARCHAR(' || coalesce(length, 16777216) || ')'
        WHEN 'BINARY' THEN 'BINARY(8388608)' WHEN 'TIME' THEN 'TIME(9)'
        WHEN 'TIMESTAMP_NTZ' THEN 'TIMESTAMP_NTZ(9)' WHEN 'TIMESTAMP_TZ' THEN 'TIMESTAMP_TZ(9)'
        WHEN 'TIMESTAMP_LTZ' THEN 'TIMESTAMP_LTZ(9)' ELSE {HOME}.sf_type_word(t, declared) END""",
}

TABLES: dict[str, str] = {
    "sf_objects(db)": f"""
        SELECT * FROM (
            SELECT {_OBJECT.format(name="table_name")}, 'TABLE' AS kind FROM duckdb_tables() WHERE NOT internal
            UNION ALL
            SELECT {_OBJECT.format(name="view_name")}, 'VIEW' AS kind FROM duckdb_views() WHERE NOT internal)
        WHERE (db IS NULL OR upper(catalog) = upper(db)) AND catalog NOT IN {_HIDDEN}
            AND schema NOT IN ('_fs_information_schema', 'main')""",
    "sf_columns(db)": f"""
        SELECT o.catalog, o.schema, o.name AS table_name, o.kind, c.column_name, c.column_index AS position,
            c.data_type, c.is_nullable, c.column_default, c.comment, checks.length, coalesce(checks.word, '') AS word
        FROM {HOME}.sf_objects(db) AS o
        JOIN duckdb_columns() AS c ON c.database_name = o.held_in AND c.table_name = o.held_as
            AND (o.temporary OR c.schema_name = o.schema)
        LEFT JOIN (
            SELECT database_name, schema_name, table_name, constraint_column_names[1] AS column_name,
                max(TRY_CAST(regexp_extract(expression, '^\\(length\\(.*\\) <= (\\d+)\\)$', 1) AS BIGINT))
                    AS length,
                max(CASE WHEN expression LIKE '(json_type(%) = ''ARRAY'')' THEN 'ARRAY'
                    WHEN expression LIKE '(json_type(%) = ''OBJECT'')' THEN 'OBJECT'
                    WHEN expression LIKE '(typeof(%' THEN 'TIMESTAMP_LTZ' END) AS word
            FROM duckdb_constraints()
            WHERE constraint_type = 'CHECK' AND len(constraint_column_names) = 1
            GROUP BY ALL
        ) AS checks ON checks.database_name = c.database_name AND checks.schema_name = c.schema_name
            AND checks.table_name = c.table_name AND checks.column_name = c.column_name""",
    "sf_information_tables(db, counts)": f"""
        SELECT catalog AS "TABLE_CATALOG", schema AS "TABLE_SCHEMA", name AS "TABLE_NAME",
            'SYSADMIN' AS "TABLE_OWNER",
            CASE WHEN kind = 'VIEW' THEN 'VIEW' WHEN temporary THEN 'LOCAL TEMPORARY' ELSE 'BASE TABLE' END
                AS "TABLE_TYPE",
            CASE WHEN kept_as = 'TRANSIENT' THEN 'YES' ELSE 'NO' END AS "IS_TRANSIENT",
            nullif(cluster_by, '') AS "CLUSTERING_KEY",
            CASE WHEN kind = 'TABLE' THEN counts[schema || '.' || name] END AS "ROW_COUNT",
            CASE WHEN kind = 'TABLE' THEN 0::BIGINT END AS "BYTES", 1::BIGINT AS "RETENTION_TIME",
            CASE WHEN kind = 'VIEW' THEN 'NO' ELSE 'YES' END AS "IS_INSERTABLE_INTO", 'YES' AS "IS_TYPED",
            CASE WHEN temporary THEN 'YES' ELSE 'NO' END AS "IS_TEMPORARY",
            NULL::TIMESTAMPTZ AS "CREATED", NULL::TIMESTAMPTZ AS "LAST_ALTERED", NULL::TIMESTAMPTZ AS "LAST_DDL",
            'SYSADMIN' AS "LAST_DDL_BY", if(cluster_by <> '', 'YES', 'NO') AS "AUTO_CLUSTERING_ON",
            comment AS "COMMENT",
            'NO' AS "IS_ICEBERG", 'NO' AS "IS_DYNAMIC", 'NO' AS "IS_HYBRID"
        FROM {HOME}.sf_objects(db)""",
    "sf_information_views(db)": f"""
        SELECT catalog AS "TABLE_CATALOG", schema AS "TABLE_SCHEMA", name AS "TABLE_NAME",
            'SYSADMIN' AS "TABLE_OWNER", {HOME}.sf_view_text(sql) AS "VIEW_DEFINITION", 'NONE' AS "CHECK_OPTION",
            'NO' AS "IS_UPDATABLE", 'NO' AS "INSERTABLE_INTO", 'NO' AS "IS_SECURE", NULL::TIMESTAMPTZ AS "CREATED",
            NULL::TIMESTAMPTZ AS "LAST_ALTERED", NULL::TIMESTAMPTZ AS "LAST_DDL", 'SYSADMIN' AS "LAST_DDL_BY",
            comment AS "COMMENT"
        FROM {HOME}.sf_objects(db) WHERE kind = 'VIEW'""",
    "sf_information_columns(db)": f"""
        SELECT catalog AS "TABLE_CATALOG", schema AS "TABLE_SCHEMA", table_name AS "TABLE_NAME",
            column_name AS "COLUMN_NAME", position::BIGINT AS "ORDINAL_POSITION", column_default AS "COLUMN_DEFAULT",
            CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS "IS_NULLABLE",
            {HOME}.sf_type_word(data_type, word) AS "DATA_TYPE",
            CASE {HOME}.sf_type_word(data_type, word) WHEN 'TEXT' THEN coalesce(length, 16777216) END
                AS "CHARACTER_MAXIMUM_LENGTH",
            CASE {HOME}.sf_type_word(data_type, word) WHEN 'TEXT' THEN least(coalesce(length * 4, 16777216), 16777216)
                WHEN 'BINARY' THEN 8388608 END AS "CHARACTER_OCTET_LENGTH",
            {HOME}.sf_precision(data_type) AS "NUMERIC_PRECISION",
            CASE {HOME}.sf_type_word(data_type, word) WHEN 'NUMBER' THEN 10::BIGINT END AS "NUMERIC_PRECISION_RADIX",
            {HOME}.sf_scale(data_type) AS "NUMERIC_SCALE",
            CASE WHEN data_type LIKE 'TIME%' THEN 9::BIGINT END AS "DATETIME_PRECISION",
            NULL::VARCHAR AS "COLLATION_NAME", 'NO' AS "IS_IDENTITY", NULL::VARCHAR AS "IDENTITY_GENERATION",
            NULL::VARCHAR AS "IDENTITY_START", NULL::VARCHAR AS "IDENTITY_INCREMENT",
            NULL::VARCHAR AS "IDENTITY_CYCLE", NULL::VARCHAR AS "IDENTITY_ORDERED", comment AS "COMMENT",
            {HOME}.sf_type_name(data_type, length, word) AS "DATA_TYPE_ALIAS"
        FROM {HOME}.sf_columns(db)""",
    "sf_information_schemata(db)": f"""
        SELECT database_name AS "CATALOG_NAME",
            CASE schema_name WHEN '_fs_information_schema' THEN 'INFORMATION_SCHEMA' ELSE schema_name END
                AS "SCHEMA_NAME",
            'SYSADMIN' AS "SCHEMA_OWNER", 'NO' AS "IS_TRANSIENT", 'NO' AS "IS_MANAGED_ACCESS",
            1::BIGINT AS "RETENTION_TIME", NULL::TIMESTAMPTZ AS "CREATED", NULL::TIMESTAMPTZ AS "LAST_ALTERED",
            comment AS "COMMENT"
        FROM duckdb_schemas()
        WHERE (db IS NULL OR upper(database_name) = upper(db)) AND NOT internal AND database_name NOT IN {_HIDDEN}
            AND schema_name <> 'main'""",
    "sf_information_databases(db)": f"""
        SELECT database_name AS "DATABASE_NAME", 'SYSADMIN' AS "DATABASE_OWNER", 'NO' AS "IS_TRANSIENT",
            comment AS "COMMENT", NULL::TIMESTAMPTZ AS "CREATED", NULL::TIMESTAMPTZ AS "LAST_ALTERED",
            1::BIGINT AS "RETENTION_TIME", 'STANDARD' AS "TYPE"
        FROM duckdb_databases() WHERE NOT internal AND database_name NOT IN {_HIDDEN}""",
}
