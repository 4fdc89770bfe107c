"""Snowpark code: what each table is. Imports no other room."""
