"""A staging table as a dynamic table: the alternative where Snowflake itself is to keep a small one fresh.

The statement is made of the same `build`: its SELECT without refused rows, the best record of each key. What a dynamic
table does not have is the quarantine, the ledgers and the checks: refused rows are left out and told nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.errors import ConfigError
from flows.settings import Settings, make_parameters

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame, Session


def write_dynamic_table(session: Session, settings: Settings, name: str, lag: str = "15 minutes") -> str:
    """Return CREATE DYNAMIC TABLE for a staging table, beside the table itself, under its name and `_DYNAMIC`.

    Args:
        session: Where the table's inputs are.
        settings: The parameters of the build, and the virtual warehouse.
        name: The staging table.
        lag: How old its rows may be.

    Raises:
        ConfigError: It is no staging table; others are built from what they hold already.
    """
    from transforms.catalog import models
    from transforms.contract import Layer

    model = models().get(name)
    if model is None or model.build is None or model.table.layer is not Layer.STAGING:
        raise ConfigError(f"{name}: only a staging table can be a dynamic table.")
    query = make_frame(session, name, make_parameters(settings)).queries["queries"][-1]
    place = f"{model.table.full_name(settings.database)}_DYNAMIC"
    return (
        f"CREATE OR REPLACE DYNAMIC TABLE {place} TARGET_LAG = '{lag}' "
        f"WAREHOUSE = {settings.snowflake.warehouse or 'SNOWCAST_WH'} REFRESH_MODE = AUTO AS {query}"
    )


def make_frame(session: Session, name: str, parameters: dict[str, Any]) -> DataFrame:
    """Return the rows that a staging table holds once it is built, computed from its inputs alone."""
    from transforms.catalog import models
    from transforms.engine.compare import take_best
    from transforms.engine.stored import read_table

    model = models()[name]
    assert model.build is not None
    chosen = {key: parameters[key] for key in model.parameters}
    built = model.build(*[read_table(session, models()[one].table) for one in model.inputs], **chosen)
    return take_best(model.table, built)
