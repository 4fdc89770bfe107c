"""What the warehouse may reach outside its home: storage whose variables a client has handed over.

The process starts with an environment that holds no secret. A client that has the endpoint's secret hands over the
variables that the clouds' libraries read (`AWS_…`, `AZURE_…`) and the folders that `file://` stages may lie in; they
stay in the memory of this process, which starts no other, and are handed over again after a restart.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from deployments.embedded.errors import snowflake_error
from deployments.storage import Place, Storage, StorageError

VARIABLES = re.compile(r"(?:AWS|AZURE)_\w+")
_STAGE_FAILURE = 91003
_guard = threading.Lock()
_opened: dict[Place, Storage] = {}
_folders: set[Path] = set()
_variables: dict[str, str] = {}


def grant(variables: Mapping[str, str], folders: Sequence[str]) -> None:
    """Take variables of clouds, in place of those that were handed over before, and further folders.

    Raises:
        ValueError: A variable is none that the clouds' libraries read, or a folder is not absolute.
    """
    if wrong := [name for name in variables if not VARIABLES.fullmatch(name)]:
        raise ValueError(f"{wrong[0]} is no variable of a cloud's library")
    if wrong := [folder for folder in folders if not os.path.isabs(folder)]:
        raise ValueError(f"{wrong[0]} is no absolute path")
    with _guard:
        _folders.update(Path(folder) for folder in folders)
        if not variables or variables == _variables:
            return
        for name in _variables.keys() - variables.keys():
            os.environ.pop(name, None)
        os.environ.update(variables)
        _variables.clear()
        _variables.update(variables)
        _opened.clear()


def open_storage(url: str) -> Storage:
    """Return the storage behind a stage's URL.

    Raises:
        ProgrammingError: It is no address of storage, or a folder that no client has named.
    """
    try:
        place = Place.parse(url)
    except ValueError as error:
        raise snowflake_error(f"SQL compilation error:\ninvalid URL '{url}': it {error}", 1011, "42601") from None
    with _guard:
        if place.kind == "file" and not any(Path(f"/{place.prefix}").is_relative_to(folder) for folder in _folders):
            raise snowflake_error(f"Folder {place.url} was not opened to the embedded warehouse.", 3001, "42501")
        return _opened.setdefault(place, Storage(place))


def explain(error: StorageError, url: str) -> Exception:
    """Snowflake's error for storage that it cannot use."""
    status = {"denied": "Access Denied (Status Code: 403; ", "absent": "Not found (Status Code: 404; "}
    return snowflake_error(
        f"Failure using stage area '{url}'. Cause: [{status.get(error.kind, f'{error.kind} (')}{error})]",
        _STAGE_FAILURE,
        "22000",
    )
