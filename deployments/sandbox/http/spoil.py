"""How the faults change records and answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from deployments.sandbox.http.faults import FaultRule
from deployments.sandbox.http.messages import Answer, error_body
from deployments.sandbox.http.ratelimit import limit_headers

Record = dict[str, Any]
_STATUS_FAULTS: Final = {"404": 404, "500": 500, "502": 502, "503": 503, "504": 504}
_HTML: Final = b"<html><head><title>Please stand by</title></head><body><h1>Please stand by</h1></body></html>"


def spoil_records(records: list[Record], name_field: str, faults: Mapping[str, FaultRule]) -> list[Record]:
    """Return the records of an answer with the faults in them; the given ones are not changed."""
    if "missing_ids" in faults:
        records = records[faults["missing_ids"].rows :]
    if "new_field" in faults:
        records = [{**record, "sandbox_new_field": {"since": "today"}} for record in records]
    if records and "missing_field" in faults:
        kept = {field: value for field, value in records[0].items() if field != name_field}
        records = [kept, *records[1:]]
    if records and "bad_record" in faults:
        spoilt = {
            **records[0],
            "viewer_count": [records[0].get("viewer_count"), 999, 342],
            "last_updated": "",
            "ended_at": "",
        }
        records = [spoilt, *records[1:]]
    return records


def spoil_answer(answer: Answer, faults: Mapping[str, FaultRule]) -> Answer:
    """Return the answer with the faults that do not look at its records."""
    for name, status in _STATUS_FAULTS.items():
        if name in faults:
            answer = Answer(status, error_body(status, ""))
            if status in (502, 504):
                answer.raw, answer.content_type = _HTML, "text/html"
    if "429_without_headers" in faults:
        answer = Answer(429, error_body(429, "Too Many Requests"))
    if "not_json" in faults:
        answer.raw, answer.content_type = _HTML, "text/html"
    if "ratelimit_zero" in faults:
        limit = int(answer.headers.get("Ratelimit-Limit", "800"))
        answer.headers.update(limit_headers(limit, 0, time.time() + faults["ratelimit_zero"].seconds))
    if "slow" in faults:
        answer.delay_seconds = faults["slow"].seconds
    answer.is_dropped = "drop_connection" in faults
    answer.is_truncated = "truncate_body" in faults
    return answer
