"""What the warehouse keeps beside the databases: an object that is kept anew is there at every moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from deployments.embedded.session.connection import EmbeddedConnection


def test_what_cannot_be_kept_leaves_what_was_there(in_process: EmbeddedConnection) -> None:
    from deployments.embedded.kept.tables import KeptTable
    from deployments.embedded.session.cursor import EmbeddedCursor

    context = EmbeddedCursor(in_process).context
    stages = KeptTable("_fs_stages")
    EmbeddedCursor(in_process).execute("CREATE STAGE D.PUBLIC.KEPT")
    before = stages.read(context, "D", "PUBLIC", "KEPT")
    assert before is not None
    with pytest.raises(duckdb.Error):
        stages.put(context, {**before, "no_such_column": 1})
    assert stages.read(context, "D", "PUBLIC", "KEPT") == before
    stages.put(context, before | {"comment": "anew"})
    assert stages.find(context, name="KEPT") == [before | {"comment": "anew"}]
