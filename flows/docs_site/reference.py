"""Generated pages on what is run and set: flows, commands, settings, errors, activities."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flows import errors
from flows.deploy.prefect.automations import TRANSFORM
from flows.docs_site import markdown as md
from flows.settings.env_example import SECTIONS, format_default
from flows.settings.environment import variables

_SECTION = "Reference"


def make_reference_pages(command: Any, deployments: Sequence[Mapping[str, Any]]) -> Iterator[md.Page]:
    """Make the pages of activities, flows (of prefect.yaml), commands (as click has them), settings and errors."""
    yield _make_activities()
    yield _make_flows(deployments)
    yield _make_commands(command)
    yield _make_settings()
    yield _make_errors()


def _make_activities() -> md.Page:
    from transforms.activity.definitions.registry import list_known_activities

    path = "activities.md"
    parts = [
        "# Activities\n",
        "One row of an activity stream is one event; `snowcast activity query` asks about them.\n",
    ]
    stream = ""
    for activity in list_known_activities().values():
        if activity.stream != stream:
            stream = activity.stream
            parts.append(f"## {md.link(md.code(stream), f'tables/{stream}.md', path)}\n")
        rows = [[md.code(one.name), md.plain(one.description), md.code(str(one.type))] for one in activity.features]
        parts += [f"### {activity.name}\n", f"{md.plain(activity.description)}.\n"]
        parts += [md.table(["Feature", "Meaning", "Type"], rows)] if rows else []
    return md.Page(path, "Activities", "\n".join(parts), _SECTION)


def _make_flows(deployments: Sequence[Mapping[str, Any]]) -> md.Page:
    rows = []
    for one in deployments:
        whens = [md.code(schedule["cron"]) + " UTC" for schedule in one.get("schedules") or [] if "cron" in schedule]
        others = ["after each ingest"] if one["name"] == TRANSFORM.rpartition("/")[2] else []
        limit = one.get("concurrency_limit") or {}
        waits = {"CANCEL_NEW": "a second run is dropped", "ENQUEUE": "a second run waits"}
        rows.append(
            [
                md.code(one["name"]),
                md.plain(one["description"]),
                ", ".join([*whens, *others]) or "when asked for",
                waits.get(limit.get("collision_strategy", ""), ""),
                md.code(one["entrypoint"]),
            ]
        )
    text = "# Flows\n\nWhat `snowcast deploy prefect` registers, from `deployments/prefect.yaml`.\n\n" + md.table(
        ["Deployment", "What it does", "When", "At once", "Flow"], rows
    )
    return md.Page("flows.md", "Flows", text, _SECTION)


def _make_commands(command: Any) -> md.Page:
    parts = ["# Commands\n", md.plain(command.help or "") + "\n", *_options(command)]
    for name, one in sorted(_commands(command)):
        parts += [f"## snowcast {name}\n", md.plain(inspect.cleandoc(one.help or "").replace("\b", "")) + "\n"]
        arguments = [parameter for parameter in one.params if parameter.param_type_name == "argument"]
        usage = [
            (parameter.name or "").upper() if parameter.required else f"[{(parameter.name or '').upper()}]"
            for parameter in arguments
        ]
        parts += [md.block(" ".join([f"snowcast {name}", *usage, "[OPTIONS]"])), *_options(one)]
    return md.Page("commands.md", "Commands", "\n".join(parts), _SECTION)


def _commands(command: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, one in getattr(command, "commands", {}).items():
        if hasattr(one, "commands"):
            if one.invoke_without_command:
                yield f"{before}{name}", one
            yield from _commands(one, f"{before}{name} ")
        else:
            yield f"{before}{name}", one


def _options(command: Any) -> list[str]:
    rows = []
    for parameter in command.params:
        names = parameter.opts if parameter.param_type_name == "option" else [(parameter.name or "").upper()]
        record = getattr(parameter, "help", None)
        if getattr(parameter, "hidden", False) or names == ["--help"]:
            continue
        rows.append([", ".join(md.code(name) for name in [*names, *parameter.secondary_opts]), md.plain(record or "")])
    return [md.table(["Argument or option", ""], rows)] if rows else []


def _make_settings() -> md.Page:
    parts = [
        "# Settings\n",
        "Environment variables, or lines of `.env`; the environment wins. `snowcast doctor` checks them.\n",
    ]
    rows: list[list[str]] = []
    header = ["Setting", "Meaning", "Default"]
    for name, field in variables():
        if name in SECTIONS:
            parts += [md.table(header, rows)] if rows else []
            parts.append(f"## {md.plain(SECTIONS[name])}\n")
            rows = []
        secret = " Secret." if "SecretStr" in str(field.annotation) else ""
        meaning = md.plain(str(field.description)) + "." + secret
        rows.append([f"{md.anchor(name.lower())}{md.code(name)}", meaning, md.code(format_default(field.default))])
    parts.append(md.table(header, rows))
    return md.Page("settings.md", "Settings", "\n".join(parts), _SECTION)


def _make_errors() -> md.Page:
    families = [
        one
        for _, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, errors.SnowcastError) and one is not errors.SnowcastError
    ]
    rows = [[md.code(one.__name__), str(one.exit_code), md.plain(inspect.getdoc(one) or "")] for one in families]
    contract = "A frame or a declaration breaks a table's contract: the data or the code must change."
    rows.append([md.code("ContractError"), "1", contract])
    codes = [
        ["0", "done, with warnings or without"],
        ["1", "something was refused or a critical rule failed; the rest was done"],
        ["2", "wrong use or a wrong setting: the line names it"],
        ["3", "a source, the warehouse or Prefect is out of reach: run again"],
        ["130", "interrupted; what was committed stays"],
    ]
    text = (
        "# Errors and exit codes\n\nAn error is one line on standard error: what happened, what to do."
        + "\n\n## Exit codes\n\n"
        + md.table(["Code", "Means"], codes)
        + "\n## Families\n\n"
        + md.table(["Error", "Exit code", "When"], sorted(rows, key=lambda row: (row[1], row[0])))
    )
    return md.Page("errors.md", "Errors and exit codes", text, _SECTION)
