"""Objects of S3, Azure and folders: the same answers, page by page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployments.storage import Place, Storage, StorageError, objects
from tests.places import KINDS, empty_storage


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest) -> Storage:
    """An empty place of each kind."""
    return empty_storage(str(request.param), request)


def test_an_object_is_whole_and_is_found_listed_read_and_removed(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    assert storage.find("a/b.txt") is None
    assert list(storage.list_objects()) == []

    storage.send(tmp_path / "file", "a/b.txt")

    found = storage.find("a/b.txt")
    assert found is not None
    assert (found.path, found.size) == ("a/b.txt", 7)
    assert list(storage.list_objects()) == list(storage.list_objects("a/")) == [found]
    assert list(storage.list_objects("a/c")) == []
    assert storage.read("a/b.txt") == b"content"
    storage.fetch("a/b.txt", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"content"
    (tmp_path / "file").write_bytes(b"other content")
    storage.send(tmp_path / "file", "a/b.txt")
    changed = storage.find("a/b.txt")
    assert changed is not None
    assert changed.digest != found.digest
    storage.remove("a/b.txt")
    assert storage.find("a/b.txt") is None


def test_a_page_is_listed_when_it_is_reached(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_PAGE", 4)
    (tmp_path / "file").write_bytes(b"x")
    paths = [f"{number // 8}/{number:02}" for number in range(10)]
    for path in paths:
        storage.send(tmp_path / "file", path)
    read: list[Any] = []
    monkeypatch.setattr(objects, "_read_facts", lambda path, facts: read.append(path) or path)

    listing = storage.list_objects()
    first = next(listing)

    assert (first, len(read)) == (paths[0], 4)
    assert [first, *listing] == paths


def test_what_is_not_there_or_not_allowed_is_told_apart(storage: Storage) -> None:
    missing = {
        "s3": "s3://no-such-bucket/x",
        "azure": f"azure://{storage.place.account}.blob.core.windows.net/nothing/x",
    }
    url = missing.get(storage.place.kind, "file:///no-such-folder/x")
    if storage.place.kind != "file":
        with pytest.raises(StorageError) as error:
            list(Storage(Place.parse(url)).list_objects())
        assert error.value.kind == "absent"
    with pytest.raises(StorageError):
        storage.read("nothing")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://bucket/a b", "letters, digits"),
        ("s3://bucket/../x", "letters, digits"),
        ("s3://bucket/a'b", "letters, digits"),
        ("s3://key:word@bucket/a", "must be s3://"),
        ("azure://tests.blob.core.windows.net/", "must be s3://"),
        ("abfs://container/x", "must name its account"),
        ("gs://bucket/x", "must be s3://"),
        ("relative/path", "must be s3://"),
    ],
)
def test_what_is_no_place_is_refused(url: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(ValueError, match=told):
        Place.parse(url)
