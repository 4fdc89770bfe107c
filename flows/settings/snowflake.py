"""The login to a Snowflake account, as Snowflake's own tools name its variables, and what is made of the account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]{0,254}$"
Size = Literal["XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE"]


def split_names(value: Any, sign: str = ",") -> Any:
    """Return the names of a list that is written as text, without the blanks around them."""
    return tuple(part.strip() for part in value.split(sign) if part.strip()) if isinstance(value, str) else value


# A list of names, written with commas.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_names)]


class SnowflakeSettings(BaseSettings):
    """The login to a Snowflake account, as Snowflake's own tools name it. A key pair is preferred to a password."""

    model_config = SettingsConfigDict(env_prefix="SNOWFLAKE_", env_ignore_empty=True, extra="ignore")

    account: str | None = Field(default=None, description="account identifier, <organisation>-<account>")
    user: str | None = Field(default=None, description="user to log in as")
    private_key_path: Path | None = Field(
        default=None, description="key pair login: file of the private key (PEM, PKCS#8)"
    )
    private_key_passphrase: SecretStr | None = Field(default=None, description="passphrase of the private key")
    password: SecretStr | None = Field(default=None, description="password login, or a programmatic access token")
    authenticator: str | None = Field(
        default=None, description="snowflake, externalbrowser, oauth, workload_identity, ..."
    )
    token: SecretStr | None = Field(default=None, description="OAuth token, with SNOWFLAKE_AUTHENTICATOR=oauth")
    role: str | None = Field(default=None, description="role to use; the user's default without it", pattern=IDENTIFIER)
    warehouse: str | None = Field(
        default=None, description="virtual warehouse that runs the queries", pattern=IDENTIFIER
    )
    host: str | None = Field(
        default=None, description="host, where it does not follow from the account (private links)"
    )
    port: int | None = Field(default=None, description="port of that host", ge=1, le=65535)
    protocol: Literal["https", "http"] | None = Field(default=None, description="https, or http for a local endpoint")


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
