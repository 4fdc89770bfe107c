"""One currency per warehouse: amounts of several cannot be added up."""

from __future__ import annotations

from transforms.contract import TEXT, Table
from transforms.functions import DataFrame, col, concat, lit, substring, trim, upper
from transforms.staging.parsing import refuse_also

_LONGEST_EXAMPLE = 40


def refuse_other_currencies(parsed: DataFrame, table: Table, currency: str | None) -> DataFrame:
    """Return the parsed rows; a record whose field `currency` names another one breaks a rule.

    Args:
        parsed: What `parse` or `recomputed` gave for the table.
        table: The staging contract.
        currency: The warehouse's, e.g. USD; a record that names none is in it. None takes all.
    """
    if currency is None:
        return parsed
    named = upper(trim(col("_record")["currency"].cast(TEXT)))
    reason = concat(
        lit("currency is "),
        substring(named, lit(1), lit(_LONGEST_EXAMPLE)),
        lit(f"; this warehouse keeps {currency} (SNOWCAST_CURRENCY), and amounts are never converted"),
    )
    is_another = (named != lit(currency)) & (named != lit(""))
    return refuse_also(parsed, table, "currency_other", is_another, reason)
