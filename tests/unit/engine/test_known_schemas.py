"""Columns that the contracts tell of a query, without the warehouse."""

from __future__ import annotations

import pytest
from sqlglot import exp

from transforms.contract import INTEGER, TEXT, TIMESTAMP
from transforms.engine import known_schemas


def test_what_is_kept_of_a_query_is_asked_anew_when_a_table_has_other_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = known_schemas._parse

    def note(query: str) -> exp.Expr:
        parsed.append(query)
        return parse(query)

    monkeypatch.setattr(known_schemas, "_parse", note)
    monkeypatch.setattr(known_schemas, "_answers", {})
    query = "SELECT * FROM (SELECT A, T.B FROM DB.MARTS.T AS T LEFT JOIN OPS.U ON U.A = T.A)"
    one: known_schemas.Columns = {"A": INTEGER, "B": TEXT}
    other: known_schemas.Columns = {"A": INTEGER, "B": TIMESTAMP}
    beside: dict[str, known_schemas.Columns] = {"OPS.U": {"C": TEXT}}
    for table, told, times in ((one, one, 1), (dict(one), one, 1), (other, other, 2), (one, one, 3)):
        assert known_schemas._find_columns(query, {"MARTS.T": table, **beside}) == told
        assert len(parsed) == times
    known_schemas._find_columns(query, {"MARTS.T": one, "DB.MARTS.T": other, **beside})
    assert len(parsed) == 3, "a table that the query does not read matters to nobody"
    with pytest.raises(known_schemas._NotToldError):
        known_schemas._find_columns(query, {"MARTS.T": one})
