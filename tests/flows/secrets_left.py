"""Secrets with values that are recognised wherever they are left: files of a home, rows of ledgers, statements."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.settings import load_settings
from flows.settings.environment import variables
from flows.warehouse import open_session
from tests.fidelity.snowflake_sql import sent_statements

_WORD = "hush-{}-hush"


def secret_variables() -> dict[str, str]:
    """Every variable of a secret setting, with its value: a place has a login and a signature, a webhook is a path."""
    found: dict[str, str] = {}
    for name, field in variables():
        word = _WORD.format(name.lower().replace("_", "-"))
        if "SecretStr" not in str(field.annotation):
            continue
        place = "https://127.0.0.1:9/{}" if "WEBHOOK" in name else "s3://key:{0}@bucket/x?sig={0}"
        found[name] = place.format(word) if name.endswith("_URL") else word
    return found


def find_secrets(homes: Sequence[Path], more: str = "") -> list[str]:
    """Return where values of secrets are left: in files, packed ones unpacked, in stored rows and in statements.

    Args:
        homes: A SNOWCAST_HOME whose warehouse runs, and further folders.
        more: What else is looked through, such as what commands have said.
    """
    words = [_WORD.format(name.lower().replace("_", "-")).encode() for name in secret_variables()]
    places = [
        *((path.name, content) for home in homes for path, content in _read_files(home)),
        *_read_tables(),
        *((" ".join(one.split())[:80], one.encode()) for one in sent_statements(homes[0])),
        ("said", more.encode()),
    ]
    return [f"{place}: {word.decode()}" for place, content in places for word in words if word in content]


def _read_files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        yield path, path.read_bytes()
        if path.suffix == ".gz":
            yield path, gzip.decompress(path.read_bytes())
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from ((path, archive.read(name)) for name in archive.namelist())


def _read_tables() -> Iterator[tuple[str, bytes]]:
    """Rows of RAW and OPS and what stages hold: a database's file may be compressed."""
    with open_session(load_settings()) as session:
        for schema in ("RAW", "OPS"):
            for row in session.sql(f"SHOW TABLES IN SCHEMA ANALYTICS.{schema}").collect():
                rows = session.table(["ANALYTICS", schema, row["name"]]).collect()
                yield f"{schema}.{row['name']}", repr(rows).encode()
        yield "LIST", repr(session.sql("LIST @ANALYTICS.RAW.LANDING").collect()).encode()
