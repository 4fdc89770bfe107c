"""The page of what the embedded warehouse can do is the one that these tests make."""

from __future__ import annotations

import ast

from tests.embedded import support_table
from tests.embedded.independence import SHOWN_BY


def test_the_page_is_up_to_date() -> None:
    written = support_table.README.read_text(encoding="utf-8")
    assert written == support_table.page(), "run: python -m tests.embedded.support_table"


def test_no_feature_is_claimed_twice() -> None:
    features = [claim.feature for claim in support_table.claims()]
    assert len(features) == len(set(features))


def test_what_is_not_depended_on_is_shown_by_a_test_that_is_there() -> None:
    assert set(SHOWN_BY) == {claim.test for claim in support_table.claims() if claim.mark == "differs"}
    for named in set(SHOWN_BY.values()):
        file, test = named.split()
        tree = ast.parse((support_table.FOLDER.parent / file).read_text(encoding="utf-8"))
        assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, named
