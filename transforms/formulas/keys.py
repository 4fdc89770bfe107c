"""Keys: hashes of business values, NULL-safe and delimiter-safe."""

from __future__ import annotations

from transforms.functions import Expression, coalesce, col, concat, length, lit, md5
from transforms.types import StringType


def hash_key(*parts: str | Expression) -> Expression:
    """Hash the parts by MD5, each written with its length, so no two lists of values collide by spelling.

    `('a', NULL)` and `('a', '')` differ, and so do `('a|b', 'c')` and `('a', 'b|c')`. Timestamps and numbers are
    hashed by their text, so cast them to one type first.
    """
    return hash_spelled(*[spell_part(part) for part in parts])


def spell_part(part: str | Expression) -> Expression:
    """Write a part of a key as it is hashed: its length, a colon and its text, or N where it is NULL."""
    text = (col(part) if isinstance(part, str) else part).cast(StringType())
    return coalesce(concat(length(text), lit(":"), text), lit("N"))  # concat gives NULL where the text is NULL


def hash_spelled(*parts: str | Expression) -> Expression:
    """Hash parts that `spell_part` has written: where rows share one, it is written once for all of them."""
    spelled = [col(part) if isinstance(part, str) else part for part in parts]
    return md5(concat(*spelled)) if len(spelled) > 1 else md5(spelled[0])
