"""Files of each source, and every kind of damage that a file can meet, by a seed."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import openpyxl

from tests.feeding import stream
from tests.unit.livelogs import GIFT, STREAM

Record = dict[str, Any]


def _users(number: int) -> list[Record]:
    return [
        {"user_id": f"u{number}_{row}", "country": "de", "signup_date": "2026-01-01", "plan_type": "basic"}
        for row in range(6)
    ]


def _payments(number: int) -> list[Record]:
    return [
        {"payment_id": f"p{number}_{row}", "user_id": f"u{row}", "payment_date": "2026-10-01", "amount": "1.50"}
        for row in range(6)
    ]


def _links(number: int) -> list[Record]:
    return [
        {"platform": "livelogs", "anonymous_id": f"a{number}_{row}", "customer_platform": "billing", "customer_id": "U"}
        for row in range(6)
    ]


def _product_events(number: int) -> list[Record]:
    known = {"event_type": "gift_sent", "device_id": "d", "user_id": "u1", "server_upload_time": _UPLOADED}
    return [
        {
            **known,
            "$insert_id": f"i{number}_{row}",
            "uuid": f"e{number}_{row}",
            "event_id": row,
            "event_time": _UPLOADED,
        }
        for row in range(6)
    ]


def _merged_ids(number: int) -> list[Record]:
    merged = {"merge_event_time": _UPLOADED, "merge_server_time": _UPLOADED}
    return [{"amplitude_id": number * 10 + row, "merged_amplitude_id": 7, **merged} for row in range(6)]


_UPLOADED = "2026-11-01 10:00:00.000000"
RECORDS: dict[str, tuple[Callable[[int], list[Record]], ...]] = {
    "twitch": (lambda number: [stream(f"{number}{row}", row) for row in range(6)],),
    "livelogs": (
        lambda number: [{**STREAM, "liveStreamID": f"s{number}_{row}"} for row in range(6)],
        lambda number: [{**GIFT, "id": f"g{number}_{row}"} for row in range(6)],
    ),
    "billing": (_users, _payments),
    "identity": (_links,),
    "amplitude": (_product_events, _merged_ids),
}


def as_csv(records: list[Record], delimiter: str = ",") -> bytes:
    """The records as a CSV of their fields."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def _as_workbook(records: list[Record]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(records[0]))
    for record in records:
        sheet.append([value if isinstance(value, str | int | float | bool) else None for value in record.values()])
    book.save(content)
    return content.getvalue()


def _as_zip(records: list[Record], packing: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as archive:
        archive.writestr("inner.csv", as_csv(records))
    return content.getvalue()


FORMS: tuple[tuple[str, Callable[[list[Record]], bytes]], ...] = (
    ("csv", as_csv),
    ("csv", lambda records: as_csv(records, ";")),
    ("csv.gz", lambda records: gzip.compress(as_csv(records))),
    ("json", lambda records: json.dumps({"data": records}).encode()),
    ("ndjson", lambda records: "".join(json.dumps(record) + "\n" for record in records).encode()),
    ("ndjson.gz", lambda records: gzip.compress("".join(json.dumps(record) + "\n" for record in records).encode())),
    ("xlsx", _as_workbook),
    ("zip", lambda records: _as_zip(records, zipfile.ZIP_DEFLATED)),
    ("zip", lambda records: _as_zip(records, zipfile.ZIP_LZMA)),
    ("zip", lambda records: _as_zip(records, zipfile.ZIP_BZIP2)),
)


def _cut(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _beheaded(content: bytes, chance: Random) -> bytes:
    return content[chance.randrange(1, len(content)) :]


def _flipped(content: bytes, chance: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 3, 30))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwritten(content: bytes, chance: Random) -> bytes:
    begin = chance.randrange(len(content))
    filling = chance.choice((b"\0", b"\xff", b"\r", b'"', b"\x1a", b"{", b"\x00\xd8"))
    return content[:begin] + filling * chance.randrange(1, 60) + content[begin + 40 :]


def _doubled(content: bytes, chance: Random) -> bytes:
    begin = chance.randrange(len(content))
    return content[:begin] + content + content[begin:]


def _shuffled(content: bytes, chance: Random) -> bytes:
    parts = content.splitlines(keepends=True) or [content]
    chance.shuffle(parts)
    return b"".join(parts)


def _retold(content: bytes, chance: Random) -> bytes:
    encoding = chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp500"))
    return content.decode("latin-1").encode(encoding, "replace")


def _odd_values(content: bytes, chance: Random) -> bytes:
    odd = chance.choice((b"infinity", b"NaN", b"1e999", b"4.03E+10", b"\xf0\x9f\x98\x80", b"\\ud800", b"2026-02-30"))
    return content.replace(chance.choice((b"2026", b"2023", b"1", b"u", b"de", b"a")), odd)


def _renamed(content: bytes, chance: Random) -> bytes:
    return content.replace(chance.choice((b"id", b"_id", b"ID", b"user", b",", b'"')), chance.choice((b"x", b"", b" ")))


DAMAGES = (_cut, _beheaded, _flipped, _overwritten, _doubled, _shuffled, _retold, _odd_values, _renamed)


def damaged_files(source: str, count: int, seed: int) -> dict[str, bytes]:
    """So many damaged files of a source by name, each of another observation."""
    chance, files = Random(f"{source}-{seed}"), {}
    for number in range(count):
        ending, form = FORMS[number % len(FORMS)]
        content = form(chance.choice(RECORDS[source])(number))
        for _ in range(chance.choice((1, 1, 2))):
            content = chance.choice(DAMAGES)(content, chance) or b"\n"
        files[f"damaged{number:04d}_{1_793_556_222_000 + number * 1000}.{ending}"] = content
    return files


def good_file(source: str) -> tuple[str, bytes]:
    """A file without damage, of a time before all others."""
    return "good_1793556000000.csv", as_csv(RECORDS[source][0](99_999))
