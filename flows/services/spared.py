"""What Prefect does for every client that a server on this machine has no use for."""

from __future__ import annotations

import ssl
from typing import Any

from deployments.process import HOST


class _CertificatesOnDemand:
    """The module `ssl`, whose contexts hold no certificates where Prefect's server is the home's own, without TLS.

    Reading them takes a client 25 ms, and a command has four; without them a TLS connection would be refused.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(ssl, name)

    def create_default_context(self, *arguments: Any, **named: Any) -> ssl.SSLContext:
        from prefect.settings import get_current_settings

        if (get_current_settings().api.url or "").startswith(f"http://{HOST}:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return ssl.create_default_context(*arguments, **named)


def spare_certificates() -> None:
    """Let Prefect's clients of the home's own server read no certificates.

    A version of Prefect that reads them elsewhere just does so; tests/unit/test_spared.py then says so.
    """
    from prefect._internal import version_checking
    from prefect.client import orchestration

    for module in (orchestration, version_checking):
        if hasattr(module, "ssl"):
            setattr(module, "ssl", _CertificatesOnDemand())  # noqa: B010 - the modules do not declare it
