"""The text of `.env.example`, written from the settings: `python -m flows.settings.env_example > .env.example`."""

from __future__ import annotations

import sys
from typing import Any

from flows.settings.environment import variables

SECTIONS = {
    "SNOWCAST_HOME": "Where it runs",
    "SNOWCAST_TWITCH_CLIENT_ID": "Twitch",
    "SNOWCAST_BILLING_URL": "Billing",
    "SNOWCAST_LIVELOGS_SHEET_ID": "Live logs and gifts",
    "SNOWCAST_LANDING": "Landing files: where they go on their way into RAW",
    "SNOWCAST_SANDBOX_SEED": "Sandbox: a simulated platform, used where no source of your own is set",
    "PREFECT_API_URL": "Prefect",
    "SNOWCAST_DASHBOARD_PORT": "Dashboard",
    "SNOWCAST_IDENTITY_URL": "Activity streams",
    "SNOWCAST_AMPLITUDE_API_KEY": "Publishing to Amplitude",
    "SNOWCAST_SPIKE_VIEWERS": "Spikes, and alerts about them",
    "SNOWCAST_WAREHOUSE_SIZE": "What deploying makes of a Snowflake account",
    "SNOWFLAKE_ACCOUNT": "Login to Snowflake, with SNOWCAST_WAREHOUSE=snowflake",
}


def example() -> str:
    """Return the text of `.env.example`: every setting with its meaning and default, commented out."""
    lines = ["# Copy to .env and take the # off what you change. The environment wins over this file."]
    for name, field in variables():
        if name in SECTIONS:
            lines += ["", f"# ---- {SECTIONS[name]}"]
        lines += [f"# {field.description}", f"# {name}={format_default(field.default)}"]
    return "\n".join(lines) + "\n"


def format_default(default: Any) -> str:
    """Return a default as `.env` writes it."""
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, tuple) else str(default)


if __name__ == "__main__":
    sys.stdout.write(example())
