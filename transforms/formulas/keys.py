"""Keys: hashes of business values, NULL-safe and delimiter-safe."""

from __future__ import annotations

from transforms.functions import Expression, coalesce, col, concat, length, lit, md5
from transforms.types import StringType


def hash_key(*parts: str | Expression) -> Expression:
    """Hash the parts by MD5, each written with its length, so no two lists of values collide by spelling.

    `('a', NULL)` and `('a', '')` differ, and so do `('a|b', 'c')` and `('a', 'b|c')`. Timestamps and numbers are
    hashed by their text, so cast them to one type first.
    """
    return md5(concat(*[_spell(part) for part in parts])) if len(parts) > 1 else md5(_spell(parts[0]))


def _spell(part: str | Expression) -> Expression:
    """Length, colon and text, or N: concat gives NULL where the text is NULL."""
    text = (col(part) if isinstance(part, str) else part).cast(StringType())
    return coalesce(concat(length(text), lit(":"), text), lit("N"))
