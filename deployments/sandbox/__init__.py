"""A simulated streaming platform, and the sources that show it (Helix today), on loopback."""

from deployments.sandbox.faults import FAULTS, FaultRule
from deployments.sandbox.server import SandboxServer
from deployments.sandbox.world import World

__all__ = ["FAULTS", "FaultRule", "SandboxServer", "World"]
