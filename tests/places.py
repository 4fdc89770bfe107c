"""Storage for tests: an empty place of each kind, on loopback or in a folder."""

from __future__ import annotations

import os
import uuid

import pytest

from deployments.storage import Place, Storage
from tests.sources.azurite import PROGRAM as AZURITE

# Azure's stand-in comes from npm, which a machine may lack.
KINDS = ["s3", "file", *(["azure"] if AZURITE.exists() else [])]


def empty_place(kind: str, request: pytest.FixtureRequest) -> Place:
    """Return an empty place of this kind; the environment is changed so that its cloud is found."""
    name = f"c{uuid.uuid4().hex[:12]}"
    if kind == "file":
        return Place.parse(f"file://{request.getfixturevalue('tmp_path')}/{name}")
    if kind == "s3":
        import boto3

        request.getfixturevalue("s3_variables")
        boto3.resource("s3").Bucket(name).create()
        return Place.parse(f"s3://{name}/in")
    from azure.storage.blob import BlobServiceClient

    connection: str = request.getfixturevalue("azure_connection")
    request.getfixturevalue("monkeypatch").setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
    BlobServiceClient.from_connection_string(connection).create_container(name)
    return Place.parse(f"abfs://{name}/in")


def empty_storage(kind: str, request: pytest.FixtureRequest) -> Storage:
    """Return the storage of an empty place."""
    return Storage(empty_place(kind, request))


def cloud_variables() -> dict[str, str]:
    """Return what of the environment the clouds' libraries read."""
    return {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "AZURE_"))}
