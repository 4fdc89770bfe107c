"""Deploying into a Snowflake account: the scripts of deployments/snowflake, the account's first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.errors import ConfigError
from flows.settings import Settings
from flows.warehouse import open_session
from flows.warehouse.scripts import SCRIPTS, run_scripts, stage_statements, statements

if TYPE_CHECKING:
    from snowflake.snowpark import Session


def snowflake_statements(settings: Settings) -> list[str]:
    """Return every statement of the deployment, in order."""
    account, database = (sorted(folder.glob("*.sql")) for folder in (SCRIPTS / "account", SCRIPTS))
    return [
        *(one for script in account for one in statements(script.read_text(encoding="utf-8"), settings)),
        *integration_statements(settings),
        *(one for script in database for one in statements(script.read_text(encoding="utf-8"), settings)),
        *external_statements(settings),
    ]


def integration_statements(settings: Settings) -> list[str]:
    """Return the statements that make the storage integrations of the places that the settings name.

    Raises:
        ConfigError: What the cloud's side needs is not set.
    """
    made: list[str] = []
    for kind, name, cloud in (
        ("s3", "S3_ROLE_ARN", settings.s3_role_arn),
        ("azure", "AZURE_TENANT_ID", settings.azure_tenant_id),
    ):
        targets = [target for target in settings.external_landings if target.place and target.place.kind == kind]
        if not targets:
            continue
        if cloud is None:
            raise ConfigError(f"Set SNOWCAST_{name}: the storage integration of {kind} cannot be made without it.")
        script = (SCRIPTS / "external" / f"30_integration_{kind}.sql").read_text(encoding="utf-8")
        locations = ", ".join(f"'{target.place.url}'" for target in targets if target.place)
        values = {"integration": targets[0].integration or "", "locations": locations}
        made += statements(script, settings, {**values, "s3_role": cloud, "azure_tenant": cloud})
    return made


def external_statements(settings: Settings) -> list[str]:
    """Return the grants and stages of the places that the settings name."""
    if not settings.external_landings:
        return []
    grants = (SCRIPTS / "external" / "31_grants.sql").read_text(encoding="utf-8")
    return [*statements(grants, settings), "USE ROLE SNOWCAST_LOADER", *stage_statements(settings)]


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
            *run_external(session, settings),
        ]


def run_external(session: Session, settings: Settings) -> list[str]:
    """Make integrations, grants and stages of the places outside; returns the names of the stages."""
    for statement in [*integration_statements(settings), *external_statements(settings)]:
        session.sql(statement).collect()
    return [f"stage {target.stage}" for target in settings.external_landings]
