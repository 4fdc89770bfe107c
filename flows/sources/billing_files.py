"""Billing's files: users, subscriptions, payments and viewing activity, one CSV each, delivered daily."""

from __future__ import annotations

from flows.files.declared_files import declared_kind
from flows.files.kinds import FileKind

SOURCE = "billing"


def billing_files(encoding: str = "utf-8") -> FileKind:
    """What billing's files look like, by the contracts of its tables."""
    return declared_kind(SOURCE, is_daily=True, encoding=encoding, encoding_setting="SNOWCAST_BILLING_ENCODING")
