"""What `snowcast deploy snowflake` makes of the account: size, sleep and budget of the virtual warehouse."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

Size = Literal["XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE"]


class AccountSettings(BaseSettings):
    """The virtual warehouse of an account as it is deployed, and whether the dashboard is deployed there, too."""

    warehouse_size: Size = Field(
        default="XSMALL", description="size of the virtual warehouse that deploy snowflake makes"
    )
    auto_suspend_seconds: int = Field(
        default=60, ge=30, le=86_400, description="it sleeps after so long without a statement"
    )
    credit_quota: int = Field(
        default=50, ge=1, le=1_000_000, description="credits a month after which its resource monitor suspends it"
    )
    task_interval_seconds: int = Field(
        default=900, ge=10, le=604_800, description="with deploy snowflake --with-tasks: least time between two rounds"
    )
    credit_price: float = Field(default=3.0, ge=0, description="price of a credit, for snowcast status --credits")
    dashboard_compute_pool: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_]\w*$",
        description="compute pool in which Streamlit in Snowflake runs the dashboard; none: it is not deployed there",
    )
    dashboard_packages_integration: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_]\w*$",
        description="external access integration by which that container installs Python packages",
    )
