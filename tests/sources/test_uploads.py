"""Landing files onto their stage."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from flows.landing import land
from flows.load import stage
from flows.load.stage import Uploads, put_files
from flows.steps.parallel import map_at_once


def test_files_of_several_entities_are_brought_at_the_same_time_each_with_a_login_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    files = [land(tmp_path, "twitch", entity, at, [{"id": "1"}]) for entity in ("streams", "games")]
    both_are_under_way, logins = Barrier(2, timeout=60), list[Any]()

    def put(login: Any, *_: Any) -> None:
        logins.append(login)
        both_are_under_way.wait()

    monkeypatch.setattr(stage, "_put", put)
    lent = iter(["one", "another"])
    uploads = Uploads(map_at_once(2), lambda: nullcontext(next(lent)))  # type: ignore[arg-type]
    put_files(None, "ANALYTICS", tmp_path, files, uploads=uploads)  # type: ignore[arg-type]
    assert sorted(logins) == ["another", "one"]
