"""Records of Amplitude's export, and rows of product events, for the tests of the layer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from snowflake.snowpark import DataFrame, Session

from tests.feeding import frame_of, rows_of
from transforms.catalog import models

Row = dict[str, Any]
HOUR = datetime(2023, 9, 1)


def at(minute: float, day: int = 1) -> datetime:
    """That minute of a day of September 2023."""
    return datetime(2023, 9, day, int(minute // 60), int(minute % 60), round(minute % 1 * 60))


def record(number: int, **fields: Any) -> Row:
    """An event as the export has it: number n happens in minute n of the day and is uploaded a minute later."""
    told = {
        "$insert_id": f"i{number}",
        "uuid": f"u{number}",
        "event_id": number,
        "event_type": "viewed",
        "amplitude_id": 1,
        "user_id": None,
        "device_id": "d1",
        "session_id": 100,
        "event_time": f"{at(number):%Y-%m-%d %H:%M:%S.%f}",
        "server_upload_time": f"{at(number + 1):%Y-%m-%d %H:%M:%S.%f}",
        "event_properties": {},
        "user_properties": {},
    }
    return {**told, **fields}


def event(number: int, **fields: Any) -> Row:
    """A row of product_events: number n of user u1 happens in minute n of the day."""
    happened = fields.get("happened_at", at(number))
    told = {
        "event_key": f"e{number}",
        "event_id": number,
        "event_type": "viewed",
        "event_at": happened,
        "happened_at": happened,
        "date_day": happened.date(),
        "uploaded_at": happened,
        "is_future": False,
        "platform": "amplitude",
        "user_key": "u1",
        "amplitude_id": 1,
        "merged_amplitude_id": 1,
        "device_key": "d1",
        "device_id": "one",
        "session_key": "s1",
        "session_id": 100,
        "os_key": "o",
        "location_key": "l",
    }
    return {**told, **fields}


def frame(session: Session, name: str, *rows: Row) -> DataFrame:
    """The rows as a frame of the table of that name."""
    return frame_of(session, models()[name].table, rows)


def built(session: Session, name: str, *names: str, given: Row | None = None, **rows: list[Row]) -> list[Any]:
    """What the table is of these rows of its inputs: the named columns, sorted."""
    model = models()[name]
    assert model.build is not None
    frame_ = model.build(*[frame(session, one, *rows.get(one, [])) for one in model.inputs], **(given or {}))
    return rows_of(frame_, *names)
