"""The sandbox of a home: the simulated sources, one process for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.errors import SourceError
from flows.settings import Settings

if TYPE_CHECKING:
    from deployments.sandbox import SandboxEndpoint


def ensure_sandbox(settings: Settings) -> SandboxEndpoint:
    """Return the running sandbox of this home, started in the background if there is none.

    Raises:
        SourceError: It does not start.
    """
    from deployments.sandbox import SandboxError, ensure_running

    try:
        return ensure_running(settings.home, seed=settings.sandbox_seed, scale=settings.sandbox_scale)
    except SandboxError as error:
        raise SourceError(f"{error}") from None
