"""Snowflake's SQL as DuckDB's: rewrites, then a plan of statements."""
