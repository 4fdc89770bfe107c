"""The login to a Snowflake account, as Snowflake's own tools name its variables."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]{0,254}$"


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
