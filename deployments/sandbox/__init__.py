"""A simulated streaming platform, and the sources that show it (Helix and Sheets on loopback, billing as files)."""

from deployments.sandbox.billing import DEFAULT_CUSTOMERS, BillingView, billing_files, write_billing_deliveries
from deployments.sandbox.endpoint import SandboxEndpoint, SandboxError
from deployments.sandbox.faults import FAULTS, FaultRule
from deployments.sandbox.generate import Generated, generate
from deployments.sandbox.lifecycle import ensure_running, find, stop
from deployments.sandbox.livelogs import TABS, LiveLogsView
from deployments.sandbox.livelogs_files import write_livelogs
from deployments.sandbox.server import SandboxServer
from deployments.sandbox.sheets import SHEET_ID
from deployments.sandbox.world import DEFAULT_START, World

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
    "billing_files",
    "ensure_running",
    "find",
    "generate",
    "stop",
    "write_billing_deliveries",
    "write_livelogs",
]
