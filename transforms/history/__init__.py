"""Histories: every version of a thing, `[valid_from, valid_to)`. README.md tells how versions are made and written."""
