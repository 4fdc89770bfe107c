"""Columns that several tables of product events share: those of the staged events, and the keys."""

from __future__ import annotations

from transforms.contract import INTEGER, TEXT, TIMESTAMP, Column
from transforms.staging.amplitude_columns import (
    amplitude_id as amplitude_id,
)
from transforms.staging.amplitude_columns import (
    app_platform as app_platform,
)
from transforms.staging.amplitude_columns import (
    city as city,
)
from transforms.staging.amplitude_columns import (
    country as country,
)
from transforms.staging.amplitude_columns import (
    device_family as device_family,
)
from transforms.staging.amplitude_columns import (
    device_id as device_id,
)
from transforms.staging.amplitude_columns import (
    device_type as device_type,
)
from transforms.staging.amplitude_columns import (
    dma as dma,
)
from transforms.staging.amplitude_columns import (
    event_at as event_at,
)
from transforms.staging.amplitude_columns import (
    event_key as event_key,
)
from transforms.staging.amplitude_columns import (
    event_properties as event_properties,
)
from transforms.staging.amplitude_columns import (
    event_type as event_type,
)
from transforms.staging.amplitude_columns import (
    happened_at as happened_at,
)
from transforms.staging.amplitude_columns import (
    is_future as is_future,
)
from transforms.staging.amplitude_columns import (
    known_user_id as known_user_id,
)
from transforms.staging.amplitude_columns import (
    language as language,
)
from transforms.staging.amplitude_columns import (
    library as library,
)
from transforms.staging.amplitude_columns import (
    merged_amplitude_id as merged_amplitude_id,
)
from transforms.staging.amplitude_columns import (
    os_name as os_name,
)
from transforms.staging.amplitude_columns import (
    os_version as os_version,
)
from transforms.staging.amplitude_columns import (
    region as region,
)
from transforms.staging.amplitude_columns import (
    session_id as session_id,
)
from transforms.staging.amplitude_columns import (
    uploaded_at as uploaded_at,
)
from transforms.staging.amplitude_columns import (
    user_id as user_id,
)
from transforms.staging.amplitude_columns import (
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
