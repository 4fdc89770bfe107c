"""Blocks that are made of settings, so that a server keeps a secret and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from flows.deploy.prefect.pools import Blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prefect.client.orchestration import SyncPrefectClient

SLACK, SECRET = "slack-webhook", "secret"
_FIELDS = {SLACK: "url", SECRET: "value"}


def read_blocks(client: SyncPrefectClient, names: Iterable[tuple[str, str]]) -> Blocks:
    """Return what the server keeps in these blocks; those that are not there are left out."""
    from prefect.exceptions import ObjectNotFound

    found: Blocks = {}
    for kind, name in names:
        try:
            document = client.read_block_document_by_name(name, kind, include_secrets=True)
        except ObjectNotFound:
            continue
        found[kind, name] = SecretStr(str(document.data.get(_FIELDS[kind])))
    return found


def save_block(kind: str, name: str, secret: SecretStr) -> None:
    """Make a block, or give the one of that name another content."""
    from prefect.blocks.notifications import SlackWebhook
    from prefect.blocks.system import Secret

    block = SlackWebhook(url=secret) if kind == SLACK else Secret(value=secret)
    block.save(name, overwrite=True, _sync=True)  # type: ignore[call-arg, unused-ignore]
