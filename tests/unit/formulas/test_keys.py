"""Keys: NULL-safe, delimiter-safe, the same on every run."""

from __future__ import annotations

import hashlib
from itertools import combinations

from snowflake.snowpark import Session

from transforms.formulas.keys import hash_key, hash_spelled, spell_part

ALIKE = [("a", None), ("a", ""), ("a|b", "c"), ("a", "b|c"), (None, "a"), ("1:a", "N"), ("N", None), (None, None)]


def test_values_that_are_spelled_alike_have_different_keys(frames: Session):
    rows = frames.create_dataframe([(str(n), *pair) for n, pair in enumerate(ALIKE)], schema=["n", "x", "y"])
    keys = {row[0]: row[1] for row in rows.select("n", hash_key("x", "y")).collect()}
    assert len(keys) == len(ALIKE)
    for one, other in combinations(keys, 2):
        assert keys[one] != keys[other], (ALIKE[int(one)], ALIKE[int(other)])


def test_a_key_does_not_change_between_versions_of_the_code(frames: Session):
    row = frames.create_dataframe([("twitch", "121606712")], schema=["platform", "streamer_id"])
    spelled = hashlib.md5(b"6:twitch9:121606712").hexdigest()
    assert row.select(hash_key("platform", "streamer_id")).collect()[0][0] == spelled


def test_a_part_that_was_written_before_gives_the_same_key(frames: Session):
    rows = frames.create_dataframe([(str(n), *pair) for n, pair in enumerate(ALIKE)], schema=["n", "x", "y"])
    spelled = rows.select("*", spell_part("x").alias("spelled_x"))
    both = spelled.select(hash_key("x", "y"), hash_spelled("spelled_x", spell_part("y"))).collect()
    assert [row[1] for row in both] == [row[0] for row in both]
    alone = spelled.select(hash_key("x"), hash_spelled("spelled_x")).collect()
    assert [row[1] for row in alone] == [row[0] for row in alone]
