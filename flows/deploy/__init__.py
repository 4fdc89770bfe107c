"""Deployments into a Prefect server, scripts into a Snowflake account."""
