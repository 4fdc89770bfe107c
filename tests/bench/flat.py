"""The build of one cycle's 14 Twitch tables on little and on much history: what grows with what is stored.

The history is made by SQL inside the warehouse, as staging rows of one build with their ledger, and the tables on top
of it are built once, untimed. Then each cycle loads a poll of 1,000 streams, 1,000 users and 290 games and builds,
in turn on the small and on the large history, so that whatever else the machine does meets both. The ratio is the
whole; the table below it shows where the difference lies. CPU is that of this process and of the warehouse.

The second measure writes the same number of changed keys into a history of few and of many keys, and so do dbt's
snapshot and hand-written SQL: what theirs grow by is what looking for keys without an index costs in DuckDB.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.table import Table as Shown

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from transforms.contract import Table

STREAMS, GAMES = 1_000, 290
SMALL = 10_000
CHANGES = 10_000
TARGET, HISTORY_TARGET = 1.3, 1.5
_NAMES = ["tag:twitch", "tag:calendar"]
_BEGIN = datetime(2026, 1, 1)
_PER_STREAM = 24  # polls that a stream is live
_BUILD = "history"
_ENGINES = ("snowcast", "dbt snapshot", "plain DuckDB")
FOOTNOTE = """rows of history: samples of streams; as many of users, and 290 of games for every 1,000.
ratio: a cycle's seconds on the large history by those on the small one, each the median of alternating cycles."""


@dataclass
class Cycles:
    """The timed cycles of one history: seconds and CPU of each, and seconds by table."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    by_table: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


class Histories:
    """A database with so many samples of history and the tables that stand on them."""

    def __init__(self, session: Session, samples: int, server: int) -> None:
        self.session, self.samples, self.server = session, samples, server
        self.polls = samples // STREAMS
        self.database = str(session.get_current_database()).strip('"')
        self.found = Cycles()

    def fill(self) -> None:
        """Make the history and build what stands on it; not timed."""
        from tests.feeding import prepare

        prepare(self.session)
        self._add("stg_twitch_streams", self.samples, _stream_values())
        self._add("stg_twitch_users", self.samples, _user_values())
        self._add("stg_twitch_games", self.polls * GAMES, _game_values())
        self._build()

    def cycle(self, *, is_timed: bool = True) -> None:
        """Load the next poll, untimed, and build."""
        self._load()
        began, spent = time.perf_counter(), self._cpu()
        by_table = self._build()
        if is_timed:
            self.found.seconds.append(time.perf_counter() - began)
            self.found.cpu.append(self._cpu() - spent)
            for name, seconds in by_table.items():
                self.found.by_table[name].append(seconds)
        self.polls += 1

    def _build(self) -> dict[str, float]:
        from tests.feeding import PARAMETERS
        from transforms.build import build_table
        from transforms.catalog import select_models
        from transforms.engine.batches import read_states

        began, took = time.perf_counter(), {}
        models = [model for model in select_models(_NAMES) if model.build is not None]
        states = read_states(self.session, select_models(_NAMES))
        took["state of all tables"] = time.perf_counter() - began
        for model in models:
            began = time.perf_counter()
            build_table(self.session, model.table.name, run_id="bench", parameters=PARAMETERS, states=states)
            took[model.table.name] = time.perf_counter() - began
        return took

    def _load(self) -> None:
        from tests.feeding import LandingFile, load

        at = _BEGIN + timedelta(minutes=15 * self.polls)
        polled = {
            "streams": [_stream(self.polls, slot) for slot in range(STREAMS)],
            "users": [_user(self.polls, slot) for slot in range(STREAMS)],
            "games": [
                {"id": f"g{slot}", "name": f"G{slot}", "box_art_url": "", "igdb_id": ""} for slot in range(GAMES)
            ],
        }
        load(self.session, *[LandingFile(entity, at, tuple(records)) for entity, records in polled.items()])

    def _add(self, name: str, rows: int, values: dict[str, str]) -> None:
        """Put rows into a staging table as one build that nothing has consumed, made under today's contract."""
        from transforms.catalog import models
        from transforms.engine.merge import contract_hash

        table: Table = models()[name].table
        spelled_hash = contract_hash(table).replace("'", "''")
        for statement in (
            f"INSERT INTO {table.full_name(self.database)} ({', '.join(values)}) SELECT {', '.join(values.values())} "
            f"FROM (SELECT SEQ8() AS i FROM TABLE(GENERATOR(ROWCOUNT => {rows}))) AS counted",
            f"INSERT INTO {self.database}.OPS.BUILDS SELECT '{_BUILD}', 'bench', '{name}', 'incremental', {rows}, "
            "0, 0, 0, '2026-01-01'::TIMESTAMP_NTZ",
            f"UPDATE {self.database}.OPS.HEADS SET build_id = '{_BUILD}', parameters = '{{}}', "
            f"contract_hash = '{spelled_hash}' WHERE table_name = '{name}'",
        ):
            self.session.sql(statement).collect()

    def _cpu(self) -> float:
        """CPU seconds of this process and of the warehouse."""
        fields = Path(f"/proc/{self.server}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _values(per_poll: int) -> dict[str, str]:
    slot, poll = f"(i % {per_poll})", f"CAST(FLOOR(i / {per_poll}) AS INT)"
    return {
        "snapshot_at": f"DATEADD('minute', 15 * {poll}, '{_BEGIN}'::TIMESTAMP_NTZ)",
        "_source_file": f"'f' || {poll}",
        "_source_row": slot,
        "_load_id": f"'l' || {poll}",
        "_build_id": f"'{_BUILD}'",
    }


def _user_values() -> dict[str, str]:
    slot = f"(i % {STREAMS})"
    return {
        **_values(STREAMS),
        "platform": "'twitch'",
        "streamer_id": f"'u' || {slot}",
        "streamer_key": f"MD5('u' || {slot})",
        "streamer_login": f"'l' || {slot}",
        "streamer_name": f"'N' || {slot}",
    }


def _stream_values() -> dict[str, str]:
    slot, poll = f"(i % {STREAMS})", f"CAST(FLOOR(i / {STREAMS}) AS INT)"
    epoch = f"CAST(FLOOR({poll} / {_PER_STREAM}) AS INT)"
    stream_id = f"CAST({epoch} * {STREAMS} + {slot} AS VARCHAR)"
    return {
        **_user_values(),
        "stream_id": stream_id,
        "game_id": f"'g' || ({slot} % {GAMES})",
        "game_name": f"'G' || ({slot} % {GAMES})",
        "stream_type": "'live'",
        "title": f"'title of ' || {stream_id}",
        "viewer_count": f"({slot} * 7 + {poll}) % 5000",
        "started_at": f"DATEADD('minute', {15 * _PER_STREAM} * {epoch}, '{_BEGIN}'::TIMESTAMP_NTZ)",
        "language": "'en'",
        "tags": """PARSE_JSON('["a","b"]')""",
        "is_mature": "FALSE",
    }


def _game_values() -> dict[str, str]:
    slot = f"(i % {GAMES})"
    return {**_values(GAMES), "game_id": f"'g' || {slot}", "game_name": f"'G' || {slot}", "box_art_url": "''"}


def _stream(poll: int, slot: int) -> dict[str, Any]:
    from tests.feeding import stream

    epoch = poll // _PER_STREAM
    stream_id = str(epoch * STREAMS + slot)
    started_at = _BEGIN + timedelta(minutes=15 * _PER_STREAM * epoch)
    return stream(
        stream_id,
        (slot * 7 + poll) % 5000,
        user_id=f"u{slot}",
        user_login=f"l{slot}",
        user_name=f"N{slot}",
        game_id=f"g{slot % GAMES}",
        game_name=f"G{slot % GAMES}",
        title=f"title of {stream_id}",
        started_at=f"{started_at:%Y-%m-%dT%H:%M:%SZ}",
    )


def _user(poll: int, slot: int) -> dict[str, Any]:
    """One user in fifty has another name at every poll."""
    name = f"N{slot}" if slot % 50 else f"N{slot}_{poll}"
    fixed = {"created_at": "2020-01-01T00:00:00Z", "type": "", "broadcaster_type": "", "description": ""}
    return {"id": f"u{slot}", "login": f"l{slot}", "display_name": name, **fixed}


def measured(samples: int, runs: int) -> Shown:
    """Cycles on SMALL and on so many samples of history, side by side.

    Args:
        samples: How many the large history has.
        runs: Timed cycles of each, after one to warm up.
    """
    from deployments.embedded import ensure_running, stop

    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        endpoint = ensure_running(home)
        try:
            both = [open_histories(endpoint, size) for size in (SMALL, samples)]
            for history in both:
                history.fill()
                history.cycle(is_timed=False)
            for _ in range(runs):
                for history in both:
                    history.cycle()
            for history in both:
                history.session.close()
        finally:
            stop(home)
    return shown(*both)


def measured_history(runs: int, few: int = 50_000, many: int = 5_000_000) -> Shown:
    """Writes of CHANGES changed keys into a history of few and of many keys, side by side.

    Args:
        runs: Timed writes of each, after one to warm up.
        few: Keys of the small history.
        many: Keys of the large one.
    """
    from tests.bench.history import STRATEGIES, our_history
    from tests.bench.history_data import Batch
    from tests.bench.history_dbt import DbtHistory
    from tests.bench.history_plain import PlainHistory

    found: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name, ExitStack() as opened:
        folders = {keys: Path(name) / str(keys) for keys in (few, many)}
        ours = {keys: opened.enter_context(our_history(folder / "home", keys)) for keys, folder in folders.items()}
        dbt = {keys: DbtHistory(folder, keys) for keys, folder in folders.items()}
        plain = {(at, keys): PlainHistory(folders[keys], keys, at) for at in STRATEGIES.values() for keys in folders}
        for number in range(runs + 2):
            for keys in folders:
                batch = Batch(number, share=keys // CHANGES)
                ours[keys].stage(batch)
                dbt[keys].stage(batch)
                for strategy, at in STRATEGIES.items():
                    plain[at, keys].stage(batch)
                    seconds = ours[keys].write(strategy, batch).seconds, dbt[keys].write(at)[0]
                    for engine, spent in zip(_ENGINES, (*seconds, plain[at, keys].write(batch)[0]), strict=True):
                        if number > 1:
                            found[strategy, engine, keys].append(spent)
        for one in plain.values():
            one.close()
    return _show_history(runs, few, many, {place: median(seconds) for place, seconds in found.items()})


def _show_history(runs: int, few: int, many: int, found: dict[tuple[str, str, int], float]) -> Shown:
    """The ratio first, ours before those of engines that look for the same keys in the same rows."""
    from tests.bench.history import STRATEGIES

    table = Shown(title=f"History write of {CHANGES:,} changed keys, medians of {runs}; target ≤ {HISTORY_TARGET}")
    for column in ("strategy", "engine", "ratio", f"into {few:,} keys, s", f"into {many:,} keys, s"):
        table.add_column(column, justify="left" if column in ("strategy", "engine") else "right")
    for strategy in STRATEGIES:
        for engine in _ENGINES:
            small, large = (found[strategy, engine, keys] for keys in (few, many))
            table.add_row(strategy, engine, f"{large / small:.2f}", f"{small:.3f}", f"{large:.3f}")
    return table


def open_histories(endpoint: Any, samples: int) -> Histories:
    """A database of its own for so many samples, nothing in it yet."""
    from snowflake.snowpark import Session

    session = Session.builder.configs(endpoint.connection_parameters(f"BENCH_{samples}")).create()
    return Histories(session, samples, endpoint.pid)


def shown(small: Histories, large: Histories) -> Shown:
    """The ratio first, then the tables, those that grow most at the top."""
    title = f"A cycle's build after {large.samples:,} samples, by one after {small.samples:,}; target ≤ {TARGET}"
    table = Shown(title=title)
    for name in ("what", "ratio", f"after {small.samples:,}, s", f"after {large.samples:,}, s"):
        table.add_column(name, justify="left" if name == "what" else "right")
    rows = [
        ("whole", small.found.seconds, large.found.seconds),
        ("CPU of client and warehouse", small.found.cpu, large.found.cpu),
    ]
    by_table = [(name, seconds, large.found.by_table[name]) for name, seconds in small.found.by_table.items()]
    by_table.sort(key=lambda row: median(row[1]) - median(row[2]))
    for number, (name, before, after) in enumerate([*rows, *by_table]):
        cells = (f"{median(after) / median(before):.2f}", f"{median(before):.2f}", f"{median(after):.2f}")
        table.add_row(name, *cells, style="bold" if number < len(rows) else None)
    return table
