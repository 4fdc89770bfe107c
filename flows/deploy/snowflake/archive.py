"""The archive that the stored procedure imports: `transforms`, its handler, and the parameters of the builds as code.

The same code and settings give the same bytes, and their hash is part of the name: another archive is another
procedure, and nothing is sent twice.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flows.settings import Settings, make_parameters

_ROOT = Path(__file__).resolve().parents[3]
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the least that a zip can say: when it was made is no part of it
_CHANGING = ("today", "current_month")
_IMPORTS = (
    "from decimal import Decimal",
    "from transforms.activity.definitions.thresholds import Thresholds",
    "from transforms.marts.mart_viewer_spikes import SpikeLimits",
)
PACKAGE = "snowflake-snowpark-python"


def write_archive(settings: Settings) -> Path:
    """Write the archive into the home, unless it is there, and return its path."""
    content = make_archive(settings)
    place = settings.home / "deploy" / _name(content)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(".part")
        unfinished.write_bytes(content)
        unfinished.replace(place)
    return place


def name_archive(settings: Settings) -> str:
    """Return the archive's name without writing it."""
    return _name(make_archive(settings))


def make_archive(settings: Settings) -> bytes:
    """Return the bytes of the archive."""
    files = {f"{one.relative_to(_ROOT)}": one.read_text("utf-8") for one in (_ROOT / "transforms").rglob("*.py")}
    files["snowcast_procedure.py"] = Path(__file__).with_name("procedure.py").read_text("utf-8")
    files["snowcast_parameters.py"] = write_parameters(settings)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), files[name], zipfile.ZIP_DEFLATED)
    return made.getvalue()


def write_parameters(settings: Settings) -> str:
    """Return the parameters of the builds as a module; days are left out, they are the day of the build."""
    given: dict[str, Any] = {name: value for name, value in make_parameters(settings).items() if name not in _CHANGING}
    lines = [f"    {name!r}: {value!r}," for name, value in given.items()]
    return "\n".join([*_IMPORTS, "", "PARAMETERS = {", *lines, "}", ""])


def list_packages() -> str:
    """Return what the procedure asks of Snowflake's channel: the client library in the version that is tried here."""
    return f"'{PACKAGE}=={version(PACKAGE)}'"


def _name(content: bytes) -> str:
    return f"snowcast_{hashlib.sha256(content).hexdigest()[:16]}.zip"
