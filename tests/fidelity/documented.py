"""Functions, types and reserved words that the project's statements may hold, each by the page that has it.

The pages are those under https://docs.snowflake.com/en/sql-reference/; each name was read there. A new one is looked up
first and then added here.
"""

from __future__ import annotations

FUNCTION_PAGES = {
    "functions-aggregation": """
        ARRAY_AGG AVG COUNT COUNT_IF LISTAGG MAX MAX_BY MEDIAN MIN MIN_BY OBJECT_AGG SUM
    """,
    "functions-window": "FIRST_VALUE LAG LAST_VALUE LEAD RANK ROW_NUMBER",
    "functions-date-time": """
        DATEADD DATEDIFF DATE_PART DATE_TRUNC HOUR TIMESTAMPADD TO_DATE TO_TIMESTAMP TO_TIMESTAMP_NTZ
    """,
    "functions/year": "DAYOFMONTH DAYOFWEEKISO DAYOFYEAR MONTH QUARTER WEEKISO YEAR",
    "functions-string": """
        CONCAT LENGTH LOWER MD5 REGEXP_LIKE REPLACE SPACE SPLIT_PART STARTSWITH SUBSTR SUBSTRING TRIM UPPER
    """,
    "functions-semistructured": """
        ARRAY_CONSTRUCT ARRAY_CONTAINS ARRAY_GENERATE_RANGE ARRAY_SIZE ARRAY_SORT ARRAY_TO_STRING AS_OBJECT FLATTEN GET
        OBJECT_CONSTRUCT OBJECT_CONSTRUCT_KEEP_NULL OBJECT_KEYS PARSE_JSON TO_JSON TO_VARIANT TYPEOF
    """,
    "functions/try_parse_json": "TRY_PARSE_JSON",
    "functions-conversion": "CAST TO_DECIMAL TRY_CAST",
    "functions-numeric": "ABS CEIL FLOOR MOD ROUND",
    "functions/coalesce": "COALESCE",
    "functions/decode": "DECODE",
    "functions/equal_null": "EQUAL_NULL",
    "functions/greatest": "GREATEST",
    "functions/iff": "IFF",
    "functions/least": "LEAST",
    "functions/nullif": "NULLIF",
    "functions-table": "GENERATOR",
    "functions/seq1": "SEQ8",
    "functions-context": "CURRENT_ACCOUNT CURRENT_TIMESTAMP CURRENT_VERSION",
}
TYPE_PAGES = {
    "intro-summary-data-types": """
        ARRAY BIGINT BINARY BOOLEAN DATE DECIMAL DOUBLE FLOAT INT NUMBER OBJECT STRING TEXT TIMESTAMP TIMESTAMP_NTZ
        VARCHAR VARIANT
    """,
    "data-types-datetime": "TIMESTAMPNTZ",
}
# ASOF and MATCH_CONDITION stand on the page of ASOF JOIN; words that only SHOW … IN refuses are kept from aliases, too.
RESERVED_PAGES = {
    "reserved-keywords": """
        ACCOUNT ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONNECTION CONSTRAINT CREATE CROSS
        CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATABASE DELETE DISTINCT DROP ELSE EXISTS FALSE
        FOLLOWING FOR FROM FULL GRANT GROUP GSCLUSTER HAVING ILIKE IN INCREMENT INNER INSERT INTERSECT INTO IS ISSUE
        JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP MINUS NATURAL NOT NULL OF ON OR ORDER ORGANIZATION QUALIFY
        REGEXP REVOKE RIGHT RLIKE ROW ROWS SAMPLE SCHEMA SELECT SET SOME START TABLE TABLESAMPLE THEN TO TRIGGER TRUE
        TRY_CAST UNION UNIQUE UPDATE USING VALUES VIEW WHEN WHENEVER WHERE WINDOW WITH
    """,
    "constructs/asof-join": "ASOF MATCH_CONDITION",
}


def _names(pages: dict[str, str]) -> dict[str, str]:
    """The page of each name."""
    return {name: page for page, names in pages.items() for name in names.split()}


FUNCTIONS, TYPES, RESERVED = (_names(pages) for pages in (FUNCTION_PAGES, TYPE_PAGES, RESERVED_PAGES))
