"""The statements of a deployment, in the order in which they run, each with the role that runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flows.errors import ConfigError
from flows.settings import Settings
from flows.warehouse.scripts import SCRIPTS, stage_statements, statements

_OWNER = "SNOWCAST_OWNER"


def list_statements(settings: Settings) -> list[tuple[str, str]]:
    """Return every statement with the role that runs it.

    Raises:
        ConfigError: What an integration or the dashboard needs of the account's side is not set.
    """
    grants = _read("external", settings, "31_grants.sql") if settings.external_landings else []
    parts = (
        ("", [*_read("account", settings), *_list_integrations(settings)]),
        (_OWNER, [*_read("", settings), *stage_statements(settings)]),
        ("", [*grants, *_read("access", settings), *_list_dashboard(settings)]),
    )
    return [one for role, written in parts for one in assign_roles(written, role)]


def assign_roles(written: Iterable[str], role: str = "") -> Iterator[tuple[str, str]]:
    """Yield the statements of a script, each with the role that the last USE ROLE before it names."""
    for statement in written:
        if statement.startswith("USE ROLE "):
            role = statement.removeprefix("USE ROLE ")
        else:
            yield role, statement


def render_statements(settings: Settings) -> list[str]:
    """Return every statement of the deployment as a script, in order."""
    return name_roles(list_statements(settings))


def name_roles(statements: Iterable[tuple[str, str]]) -> list[str]:
    """Return statements as a script, in which USE ROLE says who runs what follows."""
    written: list[str] = []
    running_as = ""
    for role, statement in statements:
        if role != running_as:
            written.append(f"USE ROLE {role}")
            running_as = role
        written.append(statement)
    return written


def _read(folder: str, settings: Settings, pattern: str = "*.sql") -> list[str]:
    scripts = sorted((SCRIPTS / folder).glob(pattern))
    return [one for script in scripts for one in statements(script.read_text(encoding="utf-8"), settings)]


def _list_integrations(settings: Settings) -> list[str]:
    """The statements that make the storage integrations of the places that the settings name."""
    made: list[str] = []
    for kind, name, cloud in (
        ("s3", "S3_ROLE_ARN", settings.s3_role_arn),
        ("azure", "AZURE_TENANT_ID", settings.azure_tenant_id),
    ):
        places = [one for one in settings.external_landings if one.place and one.place.kind == kind]
        targets = [one for one in places if one.integration]  # only the embedded warehouse reads without one
        if not targets:
            continue
        if cloud is None:
            raise ConfigError(f"Set SNOWCAST_{name}: the storage integration of {kind} cannot be made without it.")
        script = (SCRIPTS / "external" / f"30_integration_{kind}.sql").read_text(encoding="utf-8")
        locations = ", ".join(f"'{target.place.url}'" for target in targets if target.place)
        values = {"integration": targets[0].integration or "", "locations": locations}
        made += statements(script, settings, {**values, "s3_role": cloud, "azure_tenant": cloud})
    return made


def _list_dashboard(settings: Settings) -> list[str]:
    """The statements that make the dashboard in Snowflake, where the settings name a compute pool for it."""
    if settings.dashboard_compute_pool is None:
        return []
    if settings.dashboard_packages_integration is None:
        raise ConfigError(
            "Set SNOWCAST_DASHBOARD_PACKAGES_INTEGRATION: without it the dashboard's container installs no packages."
        )
    values = {
        "compute_pool": settings.dashboard_compute_pool,
        "packages_integration": settings.dashboard_packages_integration,
    }
    script = (SCRIPTS / "dashboard" / "60_dashboard.sql").read_text(encoding="utf-8")
    return statements(script, settings, values)
