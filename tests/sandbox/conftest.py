"""One small world for all tests of the sandbox, and a server of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from deployments.sandbox import SandboxServer, World


@pytest.fixture(scope="session")
def world() -> World:
    return World(seed=7, scale=3_000)


@pytest.fixture
def server(world: World) -> Iterator[SandboxServer]:
    with SandboxServer(world) as server:
        yield server


@pytest.fixture
def client(server: SandboxServer) -> Iterator[httpx.Client]:
    """An HTTP client with a good token."""
    token = ask_token(server).json()["access_token"]
    headers = {"Client-Id": server.client_id, "Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server.base_url, headers=headers, trust_env=False, timeout=10) as client:
        yield client


def ask_token(server: SandboxServer, **changes: str) -> httpx.Response:
    fields = {
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "grant_type": "client_credentials",
        **changes,
    }
    return httpx.post(f"{server.auth_url}token", params=fields, trust_env=False)


def all_pages(client: httpx.Client, path: str = "streams", most: int = 60, **params: object) -> list[list[dict]]:
    """The pages of a listing, followed as a simple client does, up to a number of pages."""
    pages, cursor = [], None
    while len(pages) < most:
        body = client.get(path, params={"first": 100, **params, **({"after": cursor} if cursor else {})}).json()
        pages.append(body["data"])
        cursor = body["pagination"].get("cursor")
        if not cursor:
            break
    return pages


def ids(pages: list[list[dict]]) -> list[str]:
    return [record["id"] for page in pages for record in page]
