"""The data of the history bench: the same keys, batches and values for every engine.

Every key is observed once at the beginning. An in-order batch shows another price for one key in a hundred, a day after
the batch before. A late batch shows a third price for the keys of an in-order batch, at a time between their first
observation and that batch, so that a version must be spliced in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

BEGIN = datetime(2026, 1, 1)
SHARE = 100  # one key in so many changes
VALUES = ("item_key", "item_id", "country", "plan", "price", "note", "updated_at", "snapshot_at")
TRACKED = ("country", "plan", "price")


@dataclass(frozen=True)
class Batch:
    """One delivery.

    Args:
        number: 0 is the first, with every key.
        is_late: It shows the keys of the in-order batch of its number, before that batch.
        share: One key in so many changes.
    """

    number: int
    is_late: bool = False
    share: int = SHARE

    @property
    def build_id(self) -> str:
        """The staging build that brought it."""
        return f"{'late' if self.is_late else 'batch'}-{self.number:04}"

    @property
    def snapshot_at(self) -> datetime:
        """When it was observed."""
        return BEGIN + (timedelta(hours=12) if self.is_late else timedelta(days=self.number))

    @property
    def updated_at(self) -> datetime:
        """When its values were changed."""
        return self.snapshot_at - timedelta(hours=1)

    def query(self, keys: int, counted: str) -> str:
        """SELECT of VALUES, in words that DuckDB and Snowflake both read.

        Args:
            keys: How many keys there are.
            counted: SELECT of i from 0 on, with `{count}` for how many.
        """
        number = f"i * {self.share} + {self.number % self.share}" if self.number else "i"
        numbers = f"SELECT {number} AS n FROM ({counted.format(count=self.size(keys))}) AS counted"
        price = f"1000 + (n + {self.number}) % 500 + {500 * self.is_late}" if self.number else "999"
        expressions = (
            "MD5(CAST(n AS VARCHAR))",
            "CAST(n AS VARCHAR)",
            "SUBSTR('DEFRUSESITPLSEBRJPKR', 1 + 2 * CAST(n % 10 AS INT), 2)",
            "SUBSTR('basicplainextra', 1 + 5 * CAST(n % 3 AS INT), 5)",
            f"CAST(({price}) / 100 AS DECIMAL(18, 2))",
            "CAST(n * 7 AS VARCHAR)",
            f"CAST('{self.updated_at}' AS TIMESTAMP)",
            f"CAST('{self.snapshot_at}' AS TIMESTAMP)",
        )
        chosen = ", ".join(f"{expression} AS {name}" for expression, name in zip(expressions, VALUES, strict=True))
        return f"SELECT {chosen} FROM ({numbers}) AS numbered"

    def size(self, keys: int) -> int:
        """How many keys it shows."""
        return keys // self.share if self.number else keys
