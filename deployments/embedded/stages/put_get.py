"""PUT and GET: what the client is told, and the files that it sends.

A client uploads each file to an address of its own on this server, so that a file is on the stage whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error
from deployments.embedded.scanner import Scanner, is_true
from deployments.embedded.stages.session_files import Upload, file_session
from deployments.embedded.stages.stage import Location, incoming_path, locate
from deployments.embedded.stages.staged_file import check_path

UPLOAD_PATH = "/snowcast/stages"
# What connector 5 sends along; it uploads with OVERWRITE = FALSE only where the address covers it.
SIGNED_HEADERS = "host;x-goog-if-generation-match;x-goog-meta-encryptiondata;x-goog-meta-matdesc;x-goog-meta-sfc-digest"
# Signs the addresses that PUT hands out; a restarted server hands out new ones.
_KEY = secrets.token_bytes(32)
_COMPRESSED_SUFFIXES = (".gz", ".bz2", ".br", ".zst", ".zstd", ".deflate", ".raw_deflate", ".parquet", ".orc")
_TEXT, _NUMBER = pa.string(), pa.int64()


def put(scanner: Scanner, context: StatementContext, *, is_bound: bool) -> pa.Table | dict[str, Any]:
    """Tell the client where to put its files, or that they are all there already.

    Args:
        scanner: The statement.
        context: The statement's surroundings.
        is_bound: Whether the stage came as a bound value, as `write_pandas` sends it.
    """
    scanner.expect("PUT")
    source = re.sub(r"^file://", "", scanner.reference(), flags=re.IGNORECASE)
    location = locate(scanner.reference(), context)
    options = scanner.options()
    scanner.at_end()
    overwrite = is_true(options.get("OVERWRITE", False))
    folder = location.stage.own_folder("PUT to an") / location.prefix
    told: dict[str, Any] = {
        "command": "UPLOAD",
        "src_locations": [source],
        "parallel": int(options.get("PARALLEL", 4)),
        "autoCompress": is_true(options.get("AUTO_COMPRESS", True)),
        "sourceCompression": str(options.get("SOURCE_COMPRESSION", "auto_detect")).lower(),
        "overwrite": overwrite,
    }
    if is_bound:
        # The client does not ask again for each file here, so it writes to a folder of its own.
        incoming = incoming_path(context.stages)
        incoming.mkdir()
        file_session(context).uploads.append(Upload(incoming, folder, overwrite))
        return {**told, "stageInfo": {"locationType": "LOCAL_FS", "location": f"{incoming}{os.sep}", "creds": {}}}
    name = os.path.basename(source)
    if not overwrite and os.path.isabs(source) and (there := _already_there(source, location, told)):
        return there
    address = _upload_address(context, folder.relative_to(context.stages) / check_path(name), overwrite)
    stage_info: dict[str, Any] = {
        **{"locationType": "GCS", "location": f"stages/{location.stage.label}/", "region": "LOCAL"},
        **{"storageAccount": None, "endPoint": None, "creds": {}, "presignedUrl": address},
    }
    return {**told, "stageInfo": stage_info}


def get(scanner: Scanner, context: StatementContext) -> dict[str, Any] | pa.Table:
    """Tell the client which files to take."""
    scanner.expect("GET")
    location = locate(scanner.reference(), context)
    target = re.sub(r"^file://", "", scanner.reference(), flags=re.IGNORECASE)
    options = scanner.options()
    scanner.at_end()
    root = location.stage.own_folder("GET from an")
    files = location.files(options.get("PATTERN"))
    if not files:
        return pa.table({name: pa.array([], _TEXT) for name in ("file", "size", "status", "message")})
    return {
        "command": "DOWNLOAD",
        "src_locations": [f"{root.name}/{file.name}" for file in files],
        "localLocation": target,
        "parallel": int(options.get("PARALLEL", 10)),
        "stageInfo": {"locationType": "LOCAL_FS", "location": str(root.parent), "creds": {}},
    }


def upload_route(stages: Path) -> Route:
    """The route that takes the files of PUT.

    Args:
        stages: Folder of the stage files.
    """

    async def upload(request: Request) -> Response:
        path = request.path_params["path"]
        overwrite = request.query_params.get("overwrite") == "1"
        if not hmac.compare_digest(_signature(path, overwrite), request.query_params.get("signature", "")):
            return Response("This address was not handed out by PUT.", 403)
        await _store(stages / path, request.stream(), incoming_path(stages), overwrite=overwrite)
        return Response()

    return Route(UPLOAD_PATH + "/{path:path}", upload, methods=["PUT"])


async def _store(target: Path, content: AsyncIterator[bytes], partial: Path, *, overwrite: bool) -> None:
    """Write a file under another name and give it its own once it is whole."""
    if target.exists() and not overwrite:
        async for _ in content:
            continue
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with partial.open("wb") as file:
            async for chunk in content:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _already_there(source: str, location: Location, told: dict[str, Any]) -> pa.Table | None:
    """The answer to a PUT whose files are all on the stage, which is to do nothing."""
    folder = Path(source).parent
    local = sorted(folder.glob(os.path.basename(source))) if folder.is_dir() else []
    found = []
    for file in local or [Path(source)]:
        staged = location.stage.folder / location.prefix / _target_name(file, told)
        if not staged.is_file():
            return None
        found.append((file, staged))
    sizes = [file.stat().st_size if file.is_file() else 0 for file, _ in found]
    return pa.table(
        {
            "source": pa.array([file.name for file, _ in found], _TEXT),
            "target": pa.array([staged.name for _, staged in found], _TEXT),
            "source_size": pa.array(sizes, _NUMBER),
            "target_size": pa.array([0] * len(found), _NUMBER),
            "source_compression": pa.array([_compression(file.name) for file, _ in found], _TEXT),
            "target_compression": pa.array([_compression(staged.name) for _, staged in found], _TEXT),
            "status": pa.array(["SKIPPED"] * len(found), _TEXT),
            "message": pa.array([""] * len(found), _TEXT),
        }
    )


def _target_name(file: Path, told: dict[str, Any]) -> str:
    """The name the client will give the file on the stage."""
    if not told["autoCompress"] or told["sourceCompression"] not in ("auto_detect", "none"):
        return file.name
    is_compressed = told["sourceCompression"] == "auto_detect" and (
        file.suffix.lower() in _COMPRESSED_SUFFIXES or _looks_compressed(file)
    )
    return file.name if is_compressed else f"{file.name}.gz"


def _looks_compressed(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        start = opened.read(4)
    return start in (b"PAR1", b"\x28\xb5\x2f\xfd") or start[:3] == b"ORC"


def _compression(name: str) -> str:
    kinds = {".gz": "GZIP", ".bz2": "BZIP2", ".br": "BROTLI", ".zst": "ZSTD", ".parquet": "PARQUET"}
    return kinds.get(Path(name).suffix.lower(), "NONE")


def _upload_address(context: StatementContext, path: Path, overwrite: bool) -> str:
    try:
        endpoint = json.loads((context.warehouse / "endpoint.json").read_text())
    except OSError as error:
        raise snowflake_error(f"PUT needs a running endpoint: {error}", 253003, "22000") from error
    text = path.as_posix()
    query = urlencode(
        {"overwrite": int(overwrite), "signature": _signature(text, overwrite), "X-Goog-SignedHeaders": SIGNED_HEADERS}
    )
    return f"http://{endpoint['host']}:{endpoint['port']}{UPLOAD_PATH}/{quote(text)}?{query}"


def _signature(path: str, overwrite: bool) -> str:
    return hmac.new(_KEY, f"{int(overwrite)} {path}".encode(), hashlib.sha256).hexdigest()
