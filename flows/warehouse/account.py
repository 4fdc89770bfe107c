"""The login to a Snowflake account: a Prefect block, a named connection of Snowflake's own file, or variables."""

from __future__ import annotations

from typing import Any

from flows.errors import ConfigError
from flows.settings import Settings, SnowflakeSettings
from flows.warehouse.errors import first_line

# What an account, a user or a connection file may set otherwise, and what our statements stand on.
SESSION_PARAMETERS = {
    "TIMEZONE": "UTC",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "WEEK_START": 1,
    "WEEK_OF_YEAR_POLICY": 0,
    "DATE_INPUT_FORMAT": "AUTO",
    "TIME_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "BINARY_INPUT_FORMAT": "HEX",
    "BINARY_OUTPUT_FORMAT": "HEX",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "AUTOCOMMIT": True,
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "",
    "TIMESTAMP_DAY_IS_ALWAYS_24H": False,
    "TWO_DIGIT_CENTURY_START": 1970,
    "STRICT_JSON_OUTPUT": False,
    "JSON_INDENT": 2,
    "ROWS_PER_RESULTSET": 0,
    "MULTI_STATEMENT_COUNT": 1,
    "ERROR_ON_NONDETERMINISTIC_MERGE": True,
    "ERROR_ON_NONDETERMINISTIC_UPDATE": False,
    "UNSUPPORTED_DDL_ACTION": "IGNORE",
}


def read_account_login(settings: Settings) -> dict[str, Any]:
    """Return connection parameters of the account; the first of block, connections file and variables that is set.

    Raises:
        ConfigError: The login is incomplete, or what it names does not exist.
    """
    if settings.snowflake_block:
        login = _read_block(settings.snowflake_block)
    elif settings.snowflake_connection:
        login = _read_connections_file(settings.snowflake_connection)
    else:
        login = _read_variables(settings.snowflake)
    return {**login, "database": settings.database, "application": "Snowcast"}


def _read_block(name: str) -> dict[str, Any]:
    from prefect_snowflake.database import SnowflakeConnector

    try:
        block = SnowflakeConnector.load(name)
    except ValueError:
        raise ConfigError(
            f"Prefect has no SnowflakeConnector block named {name!r} (SNOWCAST_SNOWFLAKE_BLOCK). "
            "Create it in Prefect, or log in with SNOWFLAKE_* variables."
        ) from None
    credentials = block.credentials
    login: dict[str, Any] = credentials.model_dump(
        exclude_unset=True, exclude={"block_type_slug", "private_key", "private_key_path", "private_key_passphrase"}
    )
    login = {key: getattr(value, "get_secret_value", lambda value=value: value)() for key, value in login.items()}
    key = credentials.resolve_private_key()
    if key is not None:
        login = {**{name: value for name, value in login.items() if name != "password"}, "private_key": key}
    return {**login, "warehouse": block.warehouse, "schema": block.schema_}


def _read_connections_file(name: str) -> dict[str, Any]:
    from snowflake.connector.config_manager import CONFIG_MANAGER

    try:
        known = dict(CONFIG_MANAGER["connections"])  # type: ignore[call-overload]
    except Exception as error:  # the connector raises several kinds for a missing or unreadable file
        raise ConfigError(f"Snowflake's connections.toml cannot be read: {first_line(error)}") from None
    if name not in known:
        raise ConfigError(
            f"SNOWCAST_SNOWFLAKE_CONNECTION: connections.toml has no connection {name!r}; "
            f"it has {', '.join(sorted(known)) or 'none'}."
        )
    return dict(known[name])


def _read_variables(given: SnowflakeSettings) -> dict[str, Any]:
    missing = [f"SNOWFLAKE_{name.upper()}" for name in ("account", "user") if not getattr(given, name)]
    secrets = (given.private_key_path, given.password, given.token, given.authenticator)
    if not any(secrets):
        missing.append("SNOWFLAKE_PRIVATE_KEY_PATH (or SNOWFLAKE_PASSWORD)")
    if missing:
        raise ConfigError(f"SNOWCAST_WAREHOUSE is snowflake, but {', '.join(missing)} is not set. See .env.example.")
    login = given.model_dump(exclude_none=True, exclude={"private_key_path", "private_key_passphrase"})
    login = {key: getattr(value, "get_secret_value", lambda value=value: value)() for key, value in login.items()}
    if given.private_key_path:
        if not given.private_key_path.is_file():
            raise ConfigError(f"SNOWFLAKE_PRIVATE_KEY_PATH: there is no file {given.private_key_path}.")
        login.pop("password", None)
        login["private_key_file"] = str(given.private_key_path)
        if given.private_key_passphrase:
            login["private_key_file_pwd"] = given.private_key_passphrase.get_secret_value()
    return login
