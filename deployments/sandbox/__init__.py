"""A simulated streaming platform, and the sources that show it (Helix on loopback, billing as files)."""

from deployments.sandbox.billing import DEFAULT_CUSTOMERS, BillingView, billing_files, write_billing_deliveries
from deployments.sandbox.endpoint import SandboxEndpoint, SandboxError
from deployments.sandbox.faults import FAULTS, FaultRule
from deployments.sandbox.generate import Generated, generate
from deployments.sandbox.lifecycle import ensure_running, find, stop
from deployments.sandbox.server import SandboxServer
from deployments.sandbox.world import DEFAULT_START, World

__all__ = [
    "DEFAULT_CUSTOMERS",
    "DEFAULT_START",
    "FAULTS",
    "BillingView",
    "FaultRule",
    "Generated",
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
]
