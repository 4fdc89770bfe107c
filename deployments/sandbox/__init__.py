"""A simulated streaming platform, and the sources that show it (Helix and Sheets on loopback, billing as files)."""

from deployments.sandbox.billing.files import DEFAULT_CUSTOMERS, BillingView, write_billing_deliveries
from deployments.sandbox.http.faults import FAULTS, FaultRule
from deployments.sandbox.livelogs.files import write_livelogs
from deployments.sandbox.livelogs.server import SHEET_ID
from deployments.sandbox.livelogs.tabs import TABS, LiveLogsView
from deployments.sandbox.process.endpoint import SandboxEndpoint, SandboxError
from deployments.sandbox.process.lifecycle import ensure_running, find, stop
from deployments.sandbox.process.server import SandboxServer
from deployments.sandbox.twitch.files import Generated, generate
from deployments.sandbox.world.world import DEFAULT_START, World

__all__ = [
    "DEFAULT_CUSTOMERS",
    "DEFAULT_START",
    "FAULTS",
    "SHEET_ID",
    "TABS",
    "BillingView",
    "FaultRule",
    "Generated",
    "LiveLogsView",
    "SandboxEndpoint",
    "SandboxError",
    "SandboxServer",
    "World",
    "ensure_running",
    "find",
    "generate",
    "stop",
    "write_billing_deliveries",
    "write_livelogs",
]
