"""Archives that break, archives that are strange and good, and personal data at any depth."""

from __future__ import annotations

import gzip
import io
import json
import os
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import SecretStr

from flows.sources.amplitude.archive import MEBIBYTE, Archive, ArchiveLimits, BrokenArchive, TooLarge, hour_of
from flows.sources.amplitude.client import ExportClient, Project
from flows.sources.amplitude.files import entity_of
from flows.sources.amplitude.hours import windows_of
from flows.sources.amplitude.personal import PersonalData

HOUR = datetime(2026, 1, 2, 15, tzinfo=UTC)
NAME = "100/100_2026-01-02_15#0.json.gz"


def zip_of(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def lines_of(content: bytes, limits: ArchiveLimits | None = None, hours: int = 1) -> list[bytes]:
    archive = Archive(io.BytesIO(content), limits or ArchiveLimits())
    asked = [HOUR + timedelta(hours=number) for number in range(hours)]
    members = archive.members_by_hour(asked)
    return [line.content for hour in asked for member in members.get(hour, ()) for line in archive.lines(member)]


LINES = [b'{"a":1}\n', b"\n", b'{"a":2}\r\n', b'{"a":3}']
GOOD = gzip.compress(b"".join(LINES))


@pytest.mark.parametrize(
    "content",
    [
        zip_of((NAME, GOOD)),
        zip_of((NAME, GOOD), compression=zipfile.ZIP_DEFLATED),
        zip_of(("100/", b""), (NAME, GOOD)),
        zip_of((NAME.removesuffix(".gz"), b"".join(LINES))),
        zip_of((NAME, gzip.compress(b"".join(LINES[:2])) + gzip.compress(b"".join(LINES[2:])))),
        zip_of(("events.json.gz", GOOD)),
        zip_of((NAME, GOOD)) + b"",
        b"something before it" + zip_of((NAME, GOOD)),
    ],
    ids=[
        "stored",
        "deflated",
        "a folder",
        "no gzip",
        "two gzip parts",
        "no hour, but one is asked",
        "whole",
        "a prefix",
    ],
)
def test_lines_come_as_they_are(content: bytes):
    assert lines_of(content) == LINES


def test_members_are_read_in_the_order_of_their_names_and_by_their_hours():
    members = [
        (f"1/1_2026-01-02_{hour}#{part}.json.gz", gzip.compress(f"{hour} {part}".encode()))
        for hour in (16, 15)
        for part in (1, 0)
    ]
    assert lines_of(zip_of(*members), hours=2) == [b"15 0", b"15 1", b"16 0", b"16 1"]
    assert lines_of(zip_of()) == []


def damaged(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def encrypted() -> bytes:
    """A member that says that it is encrypted."""
    content = bytearray(zip_of((NAME, GOOD)))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


BROKEN = {
    "no zip": b"<html>Please stand by</html>",
    "empty": b"",
    "cut off": zip_of((NAME, GOOD))[:-30],
    "gzip cut off": zip_of((NAME, GOOD[:-9])),
    "gzip damaged": zip_of((NAME, damaged(GOOD, len(GOOD) - 5))),
    "zip damaged": damaged(zip_of((NAME, os.urandom(500)), compression=zipfile.ZIP_DEFLATED), 200),
    "encrypted": encrypted(),
    "lzma damaged": damaged(zip_of((NAME, b"x" * 5000), compression=zipfile.ZIP_LZMA), 100),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_named(content: bytes):
    with pytest.raises(BrokenArchive, match=r"the archive|the member '100/100_2026-01-02_15#0.json.gz'"):
        lines_of(content)


def test_a_member_of_no_hour_is_told_where_it_could_be_of_several():
    with pytest.raises(BrokenArchive, match="'events.json' says no hour"):
        lines_of(zip_of(("events.json", b"{}")), hours=2)
    with pytest.raises(BrokenArchive, match="_17#0.json.gz' says an hour that was not asked for"):
        lines_of(zip_of((NAME, GOOD), (NAME.replace("_15", "_17"), GOOD)), hours=2)
    assert lines_of(zip_of((NAME.replace("_15", "_17"), GOOD))) == LINES, "of one hour, what came is what it has"
    assert hour_of("1_2026-13-02_15#0.json.gz") is None
    assert hour_of("1_2026-01-02_25#0.json") is None
    assert hour_of("1_2026-01-02_5#12.json") == HOUR.replace(hour=5)


def test_a_long_line_is_cut_and_its_size_is_told_without_holding_it():
    content = zip_of((NAME, gzip.compress(b"x" * 40 * MEBIBYTE + b"\n{}\n", compresslevel=9)))
    archive = Archive(io.BytesIO(content), ArchiveLimits(event_bytes=100, ratio=10**6))
    (member,) = archive.members_by_hour([HOUR])[HOUR]
    tracemalloc.start()
    lines = [(line.number, len(line.content), line.size) for line in archive.lines(member)]
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines == [(1, 100, 40 * MEBIBYTE + 1), (2, 3, 3)]
    assert highest < 8 * MEBIBYTE


@pytest.mark.parametrize(
    ("limits", "setting"),
    [
        (ArchiveLimits(unpacked_bytes=20 * MEBIBYTE, ratio=10**6), "UNPACKED_MEBIBYTES"),
        (ArchiveLimits(ratio=100), "UNPACKED_RATIO"),
    ],
)
@pytest.mark.parametrize("line", [b"x" * 40 * MEBIBYTE, (b"x" * 1000 + b"\n") * 40_000], ids=["one line", "many"])
def test_a_bomb_is_not_unpacked_to_its_end(limits: ArchiveLimits, setting: str, line: bytes):
    content = zip_of((NAME, gzip.compress(line, compresslevel=9)))
    with pytest.raises(TooLarge, match=setting):
        lines_of(content, limits)


def test_an_answer_is_kept_on_disk_as_it_comes(tmp_path, monkeypatch):
    chunks = (bytes(MEBIBYTE) for _ in range(40))
    answering = httpx.MockTransport(lambda _: httpx.Response(200, content=chunks))
    project = Project("p", "http://127.0.0.1", SecretStr("key"), SecretStr("secret"))
    with ExportClient(project, tmp_path) as client:
        monkeypatch.setattr(client, "_http", httpx.Client(transport=answering))
        tracemalloc.start()
        with pytest.raises(BrokenArchive, match="not a zip file"), client.export(HOUR, HOUR):
            pass
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert highest < 8 * MEBIBYTE


def test_windows_hold_hours_that_follow_each_other():
    hours = [HOUR + timedelta(hours=number) for number in (0, 1, 2, 4, 5)]
    assert [len(window) for window in windows_of(hours, 2)] == [2, 1, 2]
    assert list(windows_of([], 2)) == []


at_leisure = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SECRET = "leak-7f3a"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["email", "Phone", "IP_address", "plan", "$set", "a"]), inner, max_size=4)
    ),
    max_leaves=15,
)


def planted(value: Any, secret: str, *, inside: bool = False) -> Any:
    """The value with a secret wherever a personal property stands; in nested text too."""
    if isinstance(value, dict):
        found = {}
        for name, inner in value.items():
            is_personal = name.casefold() in ("email", "phone", "ip_address")
            found[name] = secret if is_personal else planted(inner, secret, inside=True)
        return json.dumps(found) if inside and len(found) == 3 else found
    return [planted(inner, secret, inside=True) for inner in value] if isinstance(value, list) else value


@at_leisure
@given(event=st.dictionaries(st.sampled_from(["user_properties", "data", "event_properties", "other"]), values))
@pytest.mark.parametrize("key", [None, SecretStr("pepper")])
def test_a_personal_value_survives_nowhere(key: SecretStr | None, event: dict[str, Any]):
    sent = {**{name: planted(value, SECRET, inside=True) for name, value in event.items()}, "ip_address": SECRET}
    kept = PersonalData(("email", "PHONE"), key).protect(sent)
    assert SECRET not in json.dumps(kept)
    assert ("ip_address" in kept) == (key is not None)


@at_leisure
@given(event=st.dictionaries(st.sampled_from(["country", "email", "language", "other"]), values))
def test_what_is_not_personal_stays_as_it_is(event: dict[str, Any]):
    clean = json.loads(json.dumps(event).replace("email", "mail").replace("Phone", "phase").replace("IP_address", "ip"))
    assert PersonalData(("email", "phone"), SecretStr("pepper")).protect(clean) == clean


def test_a_hash_is_keyed_equal_for_equal_values_and_null_stays_null():
    event = {"ip_address": "192.0.2.7", "user_properties": {"email": "a@b", "phone": None, "name": ["192.0.2.7"]}}
    one, again = (PersonalData(("email", "phone"), SecretStr("one")).protect(event) for _ in range(2))
    other = PersonalData(("email", "phone"), SecretStr("other")).protect(event)
    assert one == again
    assert one["user_properties"]["phone"] is None
    assert len(one["ip_address"]) == 32
    assert one["ip_address"] != other["ip_address"]
    assert one["user_properties"]["name"] == ["192.0.2.7"], "only names say what is personal"


@pytest.mark.parametrize(
    "told",
    [
        {"user_properties": "{'email': 'leak-7f3a'}"},
        {"user_properties": '{"email": "leak-7f3a", "cohort": '},
        {"user_properties": json.dumps(json.dumps({"email": "leak-7f3a"}))},
        {"event_properties": {"form": [" [{'Email': 'leak-7f3a'}"]}},
        {"user_properties.email": "leak-7f3a", "data.user.Phone": "leak-7f3a"},
        {"user_properties": {"contact.email": "leak-7f3a"}},
    ],
)
@pytest.mark.parametrize("key", [None, SecretStr("pepper")])
def test_personal_data_in_text_and_flat_names_are_nowhere(key: SecretStr | None, told: dict[str, Any]):
    assert SECRET not in json.dumps(PersonalData(("email", "phone"), key).protect(told))


@pytest.mark.parametrize("text", ["[Email] Weekly digest", '"Phone us" button', "{plan: basic}", '"hello"', "e-mail"])
def test_text_that_only_speaks_of_it_stays(text: str):
    event = {"event_properties": {"label": text}, "event_type": text}
    assert PersonalData(("email", "phone"), None).protect(event) == event


def test_a_field_of_the_event_is_no_property():
    event = {"country": "Chile", "user_properties": {"country": "Chile"}}
    kept = PersonalData(("country",), None).protect(event)
    assert kept == {"country": "Chile", "user_properties": {}}


@pytest.mark.parametrize(
    ("keys", "entity"),
    [
        (["event_type", "uuid"], "events"),
        (["event_type", "_insert_id"], "events"),
        (["amplitude_id", "merged_amplitude_id"], "merged_ids"),
        (["id", "name", "totals"], "event_types"),
        (["event_type"], None),
        (["id", "name"], None),
        ([], None),
    ],
)
def test_what_a_record_is_is_told_by_its_keys(keys: list[str], entity: str | None):
    assert entity_of(keys) == entity
