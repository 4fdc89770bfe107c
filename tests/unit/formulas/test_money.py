"""Dividing money to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from snowflake.snowpark import Session
from snowflake.snowpark.types import StructField, StructType

from transforms.contract import INTEGER, money
from transforms.formulas.measures import with_share

CENT = Decimal("0.01")


def shares(session: Session, rows: list[tuple[Decimal | None, int | None]]) -> dict[tuple[Decimal, int], Decimal]:
    schema = StructType([StructField("amount", money().as_snowpark()), StructField("parts", INTEGER.as_snowpark())])
    shared = with_share(session.create_dataframe(rows, schema=schema), "amount", "parts", "share")
    return {(row[0], row[1]): row[2] for row in shared.select("amount", "parts", "share").collect()}


def test_a_twelfth_of_every_price_is_what_exact_arithmetic_gives(frames: Session):
    prices = [CENT * number for number in (*range(150), 999, 11988, 12_006, 10**14 + 6, 10**16 - 6, 10**16 - 7)]
    found = shares(frames, [(price, 12) for price in prices])
    assert found == {(price, 12): (price / 12).quantize(CENT, ROUND_HALF_UP) for price in prices}


@pytest.mark.parametrize(
    ("amount", "parts", "share"),
    [
        ("0.01", 2, "0.01"),  # halves go away from zero
        ("-0.01", 2, "-0.01"),
        ("0.03", 7, "0.00"),
        ("99999.99", 20_000_000, "0.00"),  # 0.00499999950: rounding it twice would give a cent
        ("100000.00", 20_000_000, "0.01"),
        ("10.00", 1, "10.00"),
    ],
)
def test_halves_go_away_from_zero_and_are_rounded_once(frames: Session, amount: str, parts: int, share: str):
    assert shares(frames, [(Decimal(amount), parts)]) == {(Decimal(amount), parts): Decimal(share)}


def test_no_parts_have_no_share(frames: Session):
    assert shares(frames, [(Decimal("1.00"), 0), (None, 3)]) == {(Decimal("1.00"), 0): None, (None, 3): None}
