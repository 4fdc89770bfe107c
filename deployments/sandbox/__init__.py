"""A simulated streaming platform, and the sources that show it (Helix today), on loopback."""

from deployments.sandbox.endpoint import SandboxEndpoint, SandboxError
from deployments.sandbox.faults import FAULTS, FaultRule
from deployments.sandbox.generate import Generated, generate
from deployments.sandbox.lifecycle import ensure_running, find, stop
from deployments.sandbox.server import SandboxServer
from deployments.sandbox.world import World

__all__ = [
    "FAULTS",
    "FaultRule",
    "Generated",
    "SandboxEndpoint",
    "SandboxError",
    "SandboxServer",
    "World",
    "ensure_running",
    "find",
    "generate",
    "stop",
]
