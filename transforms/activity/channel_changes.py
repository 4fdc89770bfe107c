"""Changes between the versions of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.functions import Window, col, equal_null, lag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snowflake.snowpark import DataFrame

_CARRIED = ("streamer_key", "platform", "streamer_id", "stream_id", "version_key", "valid_from")


def changes_of(channel_history: DataFrame, watched: str, shown: Sequence[str]) -> DataFrame:
    """The versions whose watched column differs from the version before, NULL-safely.

    Args:
        channel_history: Versions; all of a channel that has any.
        watched: Column whose change counts.
        shown: Columns to give before and after the change, as `from_<name>` and `to_<name>`.
    """
    in_order = Window.partition_by("streamer_key").order_by("valid_from")
    before = [lag(col(name)).over(in_order).alias(f"from_{name}") for name in shown]
    followed = channel_history.select(
        *_CARRIED,
        *before,
        *[col(name).alias(f"to_{name}") for name in shown],
        lag("valid_from").over(in_order).alias("was_since"),
    )
    is_changed = ~equal_null(col(f"from_{watched}"), col(f"to_{watched}"))
    return followed.filter(col("was_since").is_not_null() & is_changed)
