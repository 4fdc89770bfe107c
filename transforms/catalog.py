"""Every table of the warehouse, in the order in which they are built.

A table exists when a module of a layer's package declares `TABLE`; nothing is registered by hand. The parameters of
its `build` name its inputs, so the code is the lineage.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from types import ModuleType

from transforms.contract import VERSION_COLUMNS, ContractError, Layer, Table
from transforms.functions import DataFrame, Expression
from transforms.write_kinds import Closure, Continuation, HardDeletes, History, Parts, Strategy, View

_PACKAGES = ("raw", "staging", "marts", "history", "activity", "product")
_LAYER_ORDER = {layer: position for position, layer in enumerate(Layer)}


@dataclass(frozen=True)
class Model:
    """One table and how it is built.

    Args:
        table: Its contract.
        build: Gives the table's frame from one frame per input; None for raw tables, which COPY fills.
        inputs: Names of the tables that `build` reads, in the order of its parameters.
        parameters: Names of the values that `build` needs beside them.
        combine: Gives a group's new rows from its stored rows and the rows built from what has arrived, taken together;
            only for tables where that equals building the group from all its rows. None: that is how it is built.
        continuation: How groups are continued at their end (transforms/engine/continue_groups.py).
        parts: How the table is made of parts that change by themselves (transforms/engine/parts.py).
        closure: How what `build` gives is followed to its ends (transforms/engine/closure.py).
        matters: For some inputs, the condition on a row without which it gives nothing: a new row that does not fulfil
            it touches no group.
    """

    table: Table
    build: Callable[..., DataFrame] | None
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    combine: Callable[[DataFrame], DataFrame] | None = None
    continuation: Continuation | None = None
    parts: Parts | None = None
    closure: Closure | None = None
    matters: Mapping[str, Callable[[], Expression]] = field(default_factory=dict)


@cache
def models() -> Mapping[str, Model]:
    """Return every table by name, except the ledgers of OPS."""
    found = {model.table.name: model for model in map(_model_of, _table_modules())}
    for model in found.values():
        _check_inputs(model, found)
        check_history(model, found)
        check_view(model)
    return found


def select_models(selectors: Sequence[str] = ()) -> list[Model]:
    """Select tables, inputs before the tables that read them.

    Args:
        selectors: Names, layers (`marts`), tags (`tag:twitch`), each with `+` before it for everything it is built
            from and behind it for everything built from it. None: every table.

    Raises:
        ContractError: A selector matches nothing.
    """
    known = models()
    chosen = set(known) if not selectors else set().union(*[_match(selector) for selector in selectors])
    return [known[name] for name in _build_order() if name in chosen]


def list_raw_tables(source: str | None = None) -> list[Table]:
    """List the tables that landing files load into: those of a source, or all."""
    tables = [model.table for model in models().values() if model.table.source]
    return [table for table in tables if source is None or str(table.source).startswith(f"{source}/")]


def find_raw_table(source: str, entity: str) -> Table:
    """Find the raw table that the landing files `source/entity` load into.

    Raises:
        ContractError: No raw table takes them.
    """
    taken = {str(table.source): table for table in list_raw_tables()}
    wanted = f"{source}/{entity}"
    if wanted not in taken:
        raise ContractError(f"no raw table takes {wanted}; known: {', '.join(sorted(taken))}")
    return taken[wanted]


def find_readers(name: str) -> list[Model]:
    """Find the tables that read the table of that name."""
    return [model for model in models().values() if name in model.inputs]


def find_watched_columns(table: Table) -> tuple[str, ...]:
    """Find the columns by which the table's readers group: a row that changes one of them touches two groups."""
    grouped_by = {column for reader in find_readers(table.name) for column in reader.table.recompute_by}
    return tuple(name for name in table.column_names if name in grouped_by)


def _table_modules() -> Iterable[ModuleType]:
    for package_name in _PACKAGES:
        if importlib.util.find_spec(f"transforms.{package_name}") is None:
            continue
        package = importlib.import_module(f"transforms.{package_name}")
        for found in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"transforms.{package_name}.{found.name}")
            if hasattr(module, "TABLE"):
                yield module


def _model_of(module: ModuleType) -> Model:
    table: Table = module.TABLE
    build = getattr(module, "build", None)
    signature = inspect.signature(build).parameters.values() if build else ()
    read = [p.name for p in signature if p.kind is not p.KEYWORD_ONLY]
    ledgers = table.write.ledgers if isinstance(table.write, View) else ()
    return Model(
        table=table,
        build=build,
        inputs=tuple(name for name in read if name not in ledgers),
        parameters=tuple(p.name for p in signature if p.kind is p.KEYWORD_ONLY),
        combine=getattr(module, "combine", None),
        continuation=getattr(module, "CONTINUED", None),
        parts=getattr(module, "PARTS", None),
        closure=getattr(module, "CLOSURE", None),
        matters=getattr(module, "MATTERS", {}),
    )


def _check_inputs(model: Model, known: Mapping[str, Model]) -> None:
    for name in model.inputs:
        if name not in known:
            raise ContractError(f"{model.table.name}: build reads {name}, which is no table{_near(name, known)}")
        lacking = set(model.table.recompute_by) - set(known[name].table.column_names)
        if lacking:
            raise ContractError(f"{model.table.name}: widened by {sorted(lacking)}, which {name} does not have")


@cache
def _build_order() -> tuple[str, ...]:
    known = models()
    sorter: TopologicalSorter[str] = TopologicalSorter({name: known[name].inputs for name in sorted(known)})
    sorter.prepare()
    ordered: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda name: (_LAYER_ORDER[known[name].table.layer], name))
        ordered.extend(ready)
        sorter.done(*ready)
    return tuple(ordered)


def _match(selector: str) -> set[str]:
    known = models()
    wanted = selector.strip("+")
    if wanted.startswith("tag:"):
        chosen = {name for name, model in known.items() if wanted[4:] in model.table.tags}
    elif wanted.upper() in set(Layer):
        chosen = {name for name, model in known.items() if model.table.layer == wanted.upper()}
    else:
        chosen = {wanted.lower()} & set(known)
    if not chosen:
        raise ContractError(f"nothing is selected by {selector!r}{_near(wanted, known)}")
    before = _closure(chosen, lambda name: known[name].inputs) if selector.startswith("+") else set()
    after = (
        _closure(chosen, lambda name: [m.table.name for m in find_readers(name)]) if selector.endswith("+") else set()
    )
    return chosen | before | after


def _closure(start: set[str], neighbours: Callable[[str], Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = set(start)
    while waiting:
        reached |= waiting
        waiting = {found for name in waiting for found in neighbours(name)} - reached
    return reached


def _near(name: str, known: Mapping[str, Model]) -> str:
    tags = {f"tag:{tag}" for model in known.values() for tag in model.table.tags}
    names = [*known, *tags, *{model.table.layer.lower() for model in known.values()}]
    near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.4)
    return f"; did you mean {', '.join(near)}?" if near else f"; known: {', '.join(sorted(names))}"


def check_history(model: Model, known: Mapping[str, Model]) -> None:
    """Refuse a history that cannot be kept as it is declared; tables of other kinds pass.

    Args:
        model: A table of the catalog.
        known: Every table of the catalog.

    Raises:
        ContractError: The declaration is wrong, or its source does not list everything but absence should count.
    """
    write = model.table.write
    if not isinstance(write, History):
        return
    faults = _faults_of_columns(model.table, write)
    counts_absence = write.hard_deletes is not HardDeletes.IGNORE
    is_staged = all(known[name].table.layer is Layer.STAGING for name in model.inputs)
    if not (model.inputs and is_staged) or (counts_absence and len(model.inputs) > 1):
        wanted = "exactly one staging table" if counts_absence else "staging tables alone"
        faults.append(f"it must read {wanted}, and reads {', '.join(model.inputs) or 'none'}")
    elif counts_absence:
        partial = [name for name in known[model.inputs[0]].inputs if not known[name].table.is_complete]
        faults += [
            f"hard_deletes={write.hard_deletes} is refused: a delivery of {name} does not list everything, so absence "
            f"from it deletes nothing (is_complete of {name} is False)"
            for name in partial
        ]
    if faults:
        raise ContractError(f"{model.table.name}: as a history it is declared wrongly: {'; '.join(faults)}")


def check_view(model: Model) -> None:
    """Refuse a view that cannot be kept as it is declared; tables of other kinds pass.

    Raises:
        ContractError: The declaration is wrong.
    """
    table, write = model.table, model.table.write
    if not isinstance(write, View):
        return
    faults = ["a view reads no parameters: they would be written into it"] if model.parameters else []
    faults += ["nothing of a view is stored, so nothing is widened or refused"] if table.recompute_by else []
    if write.rows_of and write.rows_of not in model.inputs:
        faults.append(f"its rows are those of {write.rows_of}, which it does not read")
    if faults:
        raise ContractError(f"{table.name}: as it is declared it cannot be built: {'; '.join(faults)}")


def _faults_of_columns(table: Table, write: History) -> list[str]:
    names = set(table.column_names)
    given = {column.name for column in table.observed_columns} - set(table.business_key)
    is_checked = write.strategy is Strategy.CHECK
    rules = {
        "not every column of VERSION_COLUMNS is declared": set(VERSION_COLUMNS) <= set(table.columns),
        "the key must be the columns of recompute_by and valid_from": table.key == (*table.recompute_by, "valid_from"),
        "it has no business key": bool(table.business_key),
        "effective_at must be observed_at, because check takes the time of the observation": (
            not is_checked or write.effective_at == write.observed_at
        ),
        f"effective_at {write.effective_at} must be one of its columns": is_checked or write.effective_at in given,
        f"{write.effective_at} is the time of change and cannot be tracked": write.effective_at not in write.tracked,
        f"tracked columns {sorted(set(write.tracked) - given)} are not declared": set(write.tracked) <= given,
        f"named_by {sorted(set(write.named_by) - names)} is not declared": set(write.named_by) <= names,
    }
    return [fault for fault, holds in rules.items() if not holds]
