"""Azurite, the Azure Blob server that npm installs (`make azurite`), for the tests of Azure."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / ".venv/azurite/node_modules/.bin/azurite-blob"
ACCOUNT, KEY = "tests", "aHVzaC1odXNo"
_PATIENCE_SECONDS = 60


@contextmanager
def running_azurite(folder: Path) -> Iterator[str]:
    """A connection string of an Azurite on loopback, which keeps its blobs in the folder while the block lasts."""
    log = folder / "azurite.log"
    command = [PROGRAM, "--blobHost", "127.0.0.1", "--blobPort", "0", "--location", folder, "--skipApiVersionCheck"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*map(str, command), "--disableTelemetry"],
            env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
            stdout=output,
            stderr=output,
        )
        try:
            yield (
                f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
                f"BlobEndpoint={_endpoint(process, log)}/{ACCOUNT};"
            )
        finally:
            process.terminate()
            process.wait(30)


def _endpoint(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"listens on (http://[0-9.:]+)", log.read_text())
        if found:
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(f"Azurite did not start: {log.read_text()}")
