"""Events as Amplitude's Export API writes them: 55 fields, most of them empty."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from deployments.sandbox.amplitude.sessions import AppEvent, insert_id_of
from deployments.sandbox.amplitude.viewers import amplitude_id_of
from deployments.sandbox.world.rng import Dice
from deployments.sandbox.world.timestamps import moment

APP: Final = 100_020_001
"""The number of the sandbox's project."""
_FIELDS: Final = (
    *("$insert_id", "$insert_key", "$schema", "adid", "amplitude_attribution_ids", "amplitude_event_type"),
    *("amplitude_id", "app", "city", "client_event_time", "client_upload_time", "country", "data", "data_type"),
    *("device_brand", "device_carrier", "device_family", "device_id", "device_manufacturer", "device_model"),
    *("device_type", "dma", "event_id", "event_properties", "event_time", "event_type", "global_user_properties"),
    *("group_properties", "groups", "idfa", "ip_address", "is_attribution_event", "language", "library"),
    *("location_lat", "location_lng", "os_name", "os_version", "partner_id", "paying", "plan", "platform"),
    *("processed_time", "region", "sample_rate", "server_received_time", "server_upload_time", "session_id"),
    *("source_id", "start_version", "user_creation_time", "user_id", "user_properties", "uuid", "version_name"),
)
_NOT_IN_OLD: Final = ("$insert_key", "$schema", "global_user_properties", "partner_id", "source_id", "data_type")
_COUNTRIES: Final = {"US": "United States", "DE": "Germany", "FR": "France", "BR": "Brazil", "GB": "United Kingdom"}
Record = dict[str, Any]


def export_event(dice: Dice, event: AppEvent) -> Record:
    """Export one upload of an event of an app."""
    viewer, device = event.viewer, event.device
    origin = viewer.origin
    user_id = viewer.user_id if event.is_known else None
    is_old = device.model.library.endswith("1.16.8")
    is_merged = device.identified_at <= event.really_at
    times = _times(event.happened_at, event.uploaded_at)
    if event.number % 29 == 7:  # a client of its own writes ISO 8601
        times["event_time"] = times["client_event_time"] = times["event_time"].replace(" ", "T")[:-3] + "Z"
    made = {
        "$insert_id": insert_id_of(dice, event),
        "amplitude_id": viewer.amplitude_id if is_merged else device.anonymous_id,
        "country": _COUNTRIES.get(origin.country, origin.country),
        "region": f"{origin.country} region {viewer.index % 5}",
        "city": f"{origin.country} city {viewer.index % 17}",
        "dma": f"DMA {viewer.index % 40}" if origin.country == "US" else None,
        "device_family": device.model.family,
        "device_type": device.model.family,
        "device_id": device.device_id,
        "event_id": event.number + 1,
        "event_properties": event.properties,
        "event_type": event.event_type,
        "ip_address": f"198.51.100.{viewer.index % 250 + 1}",
        "language": {"en": "English", "de": "German", "fr": "French"}.get(origin.language, "Other"),
        "library": device.model.library,
        "os_name": device.model.os_name,
        "os_version": device.model.os_version,
        "platform": device.model.platform,
        "session_id": event.session_id,
        "user_id": user_id,
        "user_properties": viewer.properties_at(event.really_at) if user_id else {},
        "uuid": _uuid("app", device.device_id, event.session_at, event.number, event.copy),
        "version_name": None if device.model.platform == "Web" else "4.2.0",
        **times,
    }
    record = _with_every_field(made)
    return {name: value for name, value in record.items() if name not in _NOT_IN_OLD} if is_old else record


def export_upload(sent: Mapping[str, Any], uploaded_at: int, number: int) -> Record:
    """Export what was uploaded to HTTP V2 or Batch, as it is given back.

    Args:
        sent: The event as it was sent.
        uploaded_at: When it was taken, milliseconds since 1970.
        number: Of all that were taken.
    """
    user_id, device_id = sent.get("user_id"), sent.get("device_id")
    made = {
        "$insert_id": sent.get("insert_id"),
        "amplitude_id": amplitude_id_of(str(user_id or device_id)),
        "device_id": device_id or _uuid("device of", user_id),
        "event_id": number,
        "event_properties": sent.get("event_properties") or {},
        "event_type": sent["event_type"],
        "library": "http/2.0",
        "platform": sent.get("platform"),
        "session_id": sent.get("session_id", -1),
        "user_id": user_id,
        "user_properties": sent.get("user_properties") or {},
        "uuid": _uuid("upload", number, uploaded_at, sent.get("insert_id")),
        **_times(int(sent["time"]), uploaded_at),
    }
    known = {name: sent[name] for name in ("country", "region", "city", "language", "os_name") if name in sent}
    return _with_every_field({**made, **known})


def text_of(milliseconds: int) -> str:
    """A time as the export writes it: `2026-01-02 15:15:13.373000`."""
    return f"{moment(milliseconds // 1_000):%Y-%m-%d %H:%M:%S}.{milliseconds % 1_000:03}000"


def _times(happened_at: int, uploaded_at: int) -> Record:
    return {
        "client_event_time": text_of(happened_at),
        "client_upload_time": text_of(uploaded_at - 150),
        "event_time": text_of(happened_at),
        "processed_time": text_of(uploaded_at + 1_900),
        "server_received_time": text_of(uploaded_at - 30),
        "server_upload_time": text_of(uploaded_at),
    }


def _with_every_field(made: Record) -> Record:
    empty = {"data": {"path": "/2/httpapi"}, "data_type": "event", "group_properties": {}, "groups": {}, "plan": {}}
    return {**dict.fromkeys(_FIELDS), **empty, "app": APP, **made}


def _uuid(*parts: Any) -> str:
    return str(UUID(bytes=hashlib.sha256(repr(parts).encode()).digest()[:16], version=4))
