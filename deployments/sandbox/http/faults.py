"""Faults that the sandbox can be told to show, and when."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from deployments.sandbox.http.messages import Request

FAULTS: Final[dict[str, str]] = {
    "429": "too many requests; Ratelimit-Reset is `seconds` away",
    "429_without_headers": "too many requests, without the Ratelimit headers",
    "500": "internal server error",
    "502": "bad gateway, with an HTML body",
    "503": "service unavailable",
    "504": "gateway timeout, with an HTML body",
    "404": "not found",
    "unauthorized": "401 whatever the token",
    "expired_token": "all tokens given out so far stop being valid; a new one works",
    "invalid_client": "the token endpoint refuses the credentials (403)",
    "slow": "the answer comes `seconds` late",
    "drop_connection": "the connection is closed without an answer",
    "truncate_body": "the connection is closed in the middle of the body",
    "not_json": "status 200 with an HTML page",
    "ratelimit_zero": "a good answer that says Ratelimit-Remaining: 0, reset `seconds` away",
    "loop_cursor": "the cursor of a later page leads to that page again",
    "refuse_cursor": "400 for a cursor, also for a good one",
    "repeat_pages": "a later page begins with the last `rows` records of the page before",
    "miss_rows": "a later page leaves out its first `rows` records",
    "short_page": "a page holds only `rows` records though more follow",
    "empty_page": "a page holds no records and has a cursor",
    "empty_listing": "no records and no cursor",
    "drift": "every page is `seconds` (of simulated time) later than the one before: true repeats and misses",
    "missing_ids": "the first `rows` of the asked users or games are not returned",
    "bad_record": "viewer_count of the first record is a list, and it has fields that nobody knows",
    "new_field": "every record has a field that Helix never sent before",
    "missing_field": "the first record lacks `title` (streams), `login` (users) or `name` (games)",
    "no_access": "403: the sheet is not shared with the service account",
    "changed_header": "the last column of a tab has another name",
    "new_column": "a tab has one more column, `note`",
    "fewer_rows": "a tab lacks its last `rows` rows",
    "formula_errors": "the last but one cell of the first `rows` rows of a tab is #REF!",
    "blank_rows": "a tab has `rows` blank rows behind its first record",
    "413": "an upload of more than `rows` events is too large, whatever its size",
    "throttle_events": "429 that names the users and devices of the first `rows` events; nothing is taken",
    "daily_quota": "429 that says that those of the first `rows` events are over their daily quota",
    "reject_events": "400 that names bad events by index: about one in `rows`, always the same ones",
    "silence_events": "400 that names silenced events by index: about one in `rows`, always the same ones",
    "fail_after_taking": "500, although the events were taken",
    "drop_after_taking": "the events are taken, then the connection is closed without an answer",
    "invalid_key": "400 `Invalid API key`, with the key in the message as Amplitude writes it",
    "forbidden": "403",
    "export_too_large": "400 for an export of more than `rows` hours",
    "export_timeout": "504 for an export of more than `rows` hours",
    "broken_archive": "the zip of an export ends in its middle, the answer does not",
    "broken_member": "the first file of an export lacks its end",
    "broken_line": "the first line of an export is no JSON",
    "shuffled_export": "the files of an export and the events in them come in another order each time",
}
_UPLOADS: Final = {
    *("413", "throttle_events", "daily_quota", "reject_events", "silence_events", "fail_after_taking"),
    *("drop_after_taking", "invalid_key", "forbidden"),
}
_EXPORTS: Final = {
    *("export_too_large", "export_timeout", "broken_archive", "broken_member", "broken_line", "shuffled_export"),
}
_OF_SHEETS: Final = {"no_access", "changed_header", "new_column", "fewer_rows", "formula_errors", "blank_rows"}
_ASKED_AT: Final = {
    "/v4/": _OF_SHEETS,
    "/amplitude/": _UPLOADS,
    "/amplitude/api/": _EXPORTS,
    "/oauth2/token": {"invalid_client"},
}
_LATER_ONLY: Final = {"loop_cursor", "refuse_cursor", "repeat_pages", "miss_rows"}


@dataclass(frozen=True)
class FaultRule:
    """One fault and the requests that get it.

    Attributes:
        fault: a name of FAULTS.
        path: only requests whose path begins so.
        after: so many matching requests are spared first.
        times: so many requests get the fault; None for all from then on.
        every: only each so-manieth of these requests gets it.
        pages: `any`, `first` or `later` pages of a listing.
        seconds: see FAULTS.
        rows: see FAULTS.
        tab: the tab of the spreadsheet that gets it; '' for all.
        hour: only exports that hold this hour, `20260102T15`; '' for all.
    """

    fault: str
    path: str = ""
    after: int = 0
    times: int | None = 1
    every: int = 1
    pages: str = "any"
    seconds: float = 1.0
    rows: int = 10
    tab: str = ""
    hour: str = ""

    def __post_init__(self) -> None:
        """Refuse what could never fire.

        Raises:
            ValueError: an unknown fault or kind of pages, or no number where there must be one.
        """
        if self.fault not in FAULTS:
            raise ValueError(f"fault {self.fault!r} is unknown; known are {', '.join(FAULTS)}")
        if self.pages not in ("any", "first", "later"):
            raise ValueError(f"pages must be any, first or later; found {self.pages!r}")
        for name in ("after", "times", "every", "seconds", "rows"):
            value = getattr(self, name)
            if not isinstance(value, int | float) and not (name == "times" and value is None):
                raise ValueError(f"{name} must be a number; found {value!r}")
        if self.every < 1:
            raise ValueError(f"every must be 1 or more; found {self.every!r}")

    @classmethod
    def parse(cls, rule: Mapping[str, Any]) -> FaultRule:
        """Return a rule from JSON.

        Raises:
            ValueError: an unknown field or fault, or no fault at all.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(rule) - known):
            raise ValueError(f"a fault rule has no field {unknown[0]!r}; known are {', '.join(sorted(known))}")
        if "fault" not in rule:
            raise ValueError("a fault rule names its fault")
        return cls(**rule)

    def matches(self, request: Request) -> bool:
        """Whether the rule is about this request."""
        default = next((path for path, faults in _ASKED_AT.items() if self.fault in faults), "/helix/")
        if self.hour and not (request.one("start") or "") <= self.hour <= (request.one("end") or ""):
            return False
        is_later = request.one("after") is not None
        pages = "later" if self.fault in _LATER_ONLY else self.pages
        return request.path.startswith(self.path or default) and pages in ("any", "later" if is_later else "first")

    def is_due(self, count: int) -> bool:
        """Whether the matching request of that number, from 1, gets the fault."""
        turn = count - self.after
        return turn > 0 and turn % self.every == 0 and (self.times is None or turn <= self.times * self.every)


class FaultBoard:
    """The rules in force, with how often each was asked and fired."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[FaultRule] = []
        self._seen: list[int] = []

    def add(self, rule: FaultRule) -> None:
        """Put a rule in force."""
        with self._lock:
            self._rules.append(rule)
            self._seen.append(0)

    def clear(self) -> None:
        """Take all rules back."""
        with self._lock:
            self._rules.clear()
            self._seen.clear()

    def fire(self, request: Request) -> dict[str, FaultRule]:
        """Return the faults that this request gets, by name."""
        fired: dict[str, FaultRule] = {}
        with self._lock:
            for place, rule in enumerate(self._rules):
                if not rule.matches(request):
                    continue
                self._seen[place] += 1
                if rule.is_due(self._seen[place]):
                    fired[rule.fault] = rule
        return fired

    def as_list(self) -> list[dict[str, Any]]:
        """Return the rules with the number of requests each has fired on."""
        with self._lock:
            return [
                {**asdict(rule), "fired": sum(map(rule.is_due, range(1, seen + 1)))}
                for rule, seen in zip(self._rules, self._seen, strict=True)
            ]
