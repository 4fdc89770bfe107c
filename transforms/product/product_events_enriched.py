"""Product events with all that is known beside them: one wide view, for reading.

Grain    one event
Key      event_key
Source   product_events, product_sessions, product_users, product_devices, product_event_types
Units    every *_at is UTC without zone
Rerun    a view: it shows what its tables hold, and a rerun makes the same view again
Gaps     session columns are NULL for events of no session, device columns for events of no device
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, INTEGER, TEXT, TIMESTAMP, Column, Table, View, locate_table
from transforms.functions import DataFrame, coalesce, col, datediff, lit
from transforms.staging import amplitude_columns as amplitude

_EVENT = (
    *(amplitude.event_key, amplitude.event_type, amplitude.event_at, amplitude.happened_at, columns.date_day),
    *(amplitude.uploaded_at, amplitude.is_future, amplitude.user_key, amplitude.merged_amplitude_id, amplitude.user_id),
    *(amplitude.device_key, amplitude.session_key, amplitude.page, amplitude.event_properties),
    *amplitude.CIRCUMSTANCES,
)
_BESIDE = (
    Column("event_name", TEXT, "the type as Amplitude's charts name it", nullable=False),
    Column("session_number", INTEGER, "the user's sessions until then, this one included", minimum=1),
    Column("is_first_session", BOOLEAN, "the user had no session before"),
    Column("session_started_at", TIMESTAMP, "first event of the session, UTC"),
    Column("session_length_seconds", INTEGER, "from the first to the last event of the session", minimum=0),
    Column("entry_page", TEXT, "first page of the session"),
    Column("exit_page", TEXT, "last page of the session"),
    Column("known_user_id", TEXT, "newest user_id of the user that is no placeholder"),
    Column("first_seen_at", TIMESTAMP, "the user's first event, UTC", nullable=False),
    Column("identified_at", TIMESTAMP, "first event with a known_user_id, UTC; NULL: never"),
    Column("is_identified", BOOLEAN, "the user was known by then", nullable=False),
    Column("is_new_user", BOOLEAN, "the event is on the UTC day of the user's first one", nullable=False),
    Column("days_since_first_seen", INTEGER, "UTC days since the user's first event", nullable=False, minimum=0),
    Column("first_country", TEXT, "country of the user's first event"),
    Column("device_user_count", INTEGER, "merged users that were on the device", minimum=1),
)

TABLE = Table(
    *locate_table(__name__),
    grain="one event",
    key=("event_key",),
    write=View(rows_of="product_events"),
    tags=("amplitude",),
    columns=(*_EVENT, *_BESIDE),
)


def build(
    product_events: DataFrame,
    product_sessions: DataFrame,
    product_users: DataFrame,
    product_devices: DataFrame,
    product_event_types: DataFrame,
) -> DataFrame:
    """Put session, user, device and type beside each event; each of them is one row, so none is lost or multiplied."""
    events = product_events.select(*[one.name for one in _EVENT], "_build_id")
    sessions = product_sessions.select(
        col("session_key").alias("of_session"),
        *("session_number", "is_first_session", "entry_page", "exit_page"),
        col("started_at").alias("session_started_at"),
        col("length_seconds").alias("session_length_seconds"),
    )
    users = product_users.select(
        col("user_key").alias("of_user"),
        *("known_user_id", "first_seen_at", "first_seen_date", "identified_at", "first_country"),
    )
    devices = product_devices.select(col("device_key").alias("of_device"), col("user_count").alias("device_user_count"))
    types = product_event_types.select(col("event_type").alias("of_type"), "display_name")
    joined = events.join(sessions, on=col("session_key") == col("of_session"), how="left")
    joined = joined.join(users, on=col("user_key") == col("of_user"), how="left")
    joined = joined.join(devices, on=col("device_key") == col("of_device"), how="left")
    joined = joined.join(types, on=col("event_type") == col("of_type"), how="left")
    told = joined.select(
        "*",
        coalesce(col("display_name"), col("event_type")).alias("event_name"),
        coalesce(col("happened_at") >= col("identified_at"), lit(False)).alias("is_identified"),
        (col("date_day") == col("first_seen_date")).alias("is_new_user"),
        datediff("day", col("first_seen_date"), col("date_day")).alias("days_since_first_seen"),
    )
    return TABLE.select(told)
