"""Text of others as people may be shown it: nothing in it moves a cursor, rings, hides or turns the line around."""

from __future__ import annotations

import re

# Control characters but line feed and tab (ESC, BEL, the eight-bit CSI), marks and overrides of writing direction, the
# separators that end a line for some programs, a byte order mark, and halves of surrogate pairs, which have no UTF-8.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Return the text with such characters written out, as in `\x1b[2J`."""
    return _UNPRINTABLE.sub(_write_out, text)


def _write_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
