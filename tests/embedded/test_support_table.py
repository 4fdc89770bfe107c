"""The page of what the embedded warehouse can do is the one that these tests make."""

from __future__ import annotations

from tests.embedded import support_table


def test_the_page_is_up_to_date() -> None:
    written = support_table.README.read_text(encoding="utf-8")
    assert written == support_table.page(), "run: python -m tests.embedded.support_table"


def test_no_feature_is_claimed_twice() -> None:
    features = [claim.feature for claim in support_table.claims()]
    assert len(features) == len(set(features))
