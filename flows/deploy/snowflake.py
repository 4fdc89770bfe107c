"""Deploying into a Snowflake account: the scripts of deployments/snowflake, the account's first."""

from __future__ import annotations

from flows.errors import ConfigError
from flows.settings import Settings
from flows.warehouse import open_session
from flows.warehouse.scripts import SCRIPTS, run_scripts, statements


def snowflake_statements(settings: Settings) -> list[str]:
    """Return every statement of the deployment, in order."""
    scripts = [*sorted((SCRIPTS / "account").glob("*.sql")), *sorted(SCRIPTS.glob("*.sql"))]
    return [one for script in scripts for one in statements(script.read_text(encoding="utf-8"), settings)]


def deploy_to_snowflake(settings: Settings) -> list[str]:
    """Run the account's scripts, then the database's; returns the names of the scripts.

    Raises:
        ConfigError: The target is not an account.
    """
    if settings.warehouse != "snowflake":
        raise ConfigError("Set SNOWCAST_WAREHOUSE=snowflake and the SNOWFLAKE_* login of a user who may create roles.")
    with open_session(settings, flow="deploy") as session:
        return [
            *run_scripts(session, settings, SCRIPTS / "account"),
            *run_scripts(session, settings, SCRIPTS),
        ]
