"""Columns that several tables of product events share: those of the staged events, and the keys."""

from __future__ import annotations

from transforms.contract import INTEGER, TEXT, TIMESTAMP, Column
from transforms.staging.amplitude_columns import (
    amplitude_id as amplitude_id,
    app_platform as app_platform,
    city as city,
    country as country,
    device_family as device_family,
    device_id as device_id,
    device_type as device_type,
    dma as dma,
    event_at as event_at,
    event_key as event_key,
    event_properties as event_properties,
    event_type as event_type,
    happened_at as happened_at,
    is_future as is_future,
    known_user_id as known_user_id,
    language as language,
    library as library,
    merged_amplitude_id as merged_amplitude_id,
    os_name as os_name,
    os_version as os_version,
    region as region,
    session_id as session_id,
    uploaded_at as uploaded_at,
    user_id as user_id,
    version_name as version_name,
)

user_key = Column("user_key", TEXT, "hash of (platform, merged_amplitude_id)", nullable=False)
device_key = Column("device_key", TEXT, "hash of (platform, device_id); NULL without one")
session_key = Column("session_key", TEXT, "hash of user_key and session_id; NULL where there is no session")
os_key = Column("os_key", TEXT, "hash of os_name and os_version", nullable=False)
location_key = Column("location_key", TEXT, "hash of country, region, city and dma", nullable=False)
page = Column("page", TEXT, "page on which it happened; NULL where the event tells none")
first_event_at = Column("first_event_at", TIMESTAMP, "when the first event happened, UTC")
last_event_at = Column("last_event_at", TIMESTAMP, "when the newest event happened, UTC")
event_count = Column("event_count", INTEGER, "events", nullable=False, minimum=0)
