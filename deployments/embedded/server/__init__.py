"""Snowflake's protocol over HTTP."""
