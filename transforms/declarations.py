"""What the declaration of a history must satisfy before anything is built: a wrong one is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.contract import VERSION_COLUMNS, ContractError, HardDeletes, History, Layer, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transforms.catalog import Model
    from transforms.contract import Table


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
    if len(model.inputs) != 1 or known[model.inputs[0]].table.layer is not Layer.STAGING:
        faults.append(f"it must read exactly one staging table, and reads {', '.join(model.inputs) or 'none'}")
    elif write.hard_deletes is not HardDeletes.IGNORE:
        partial = [name for name in known[model.inputs[0]].inputs if not known[name].table.is_complete]
        faults += [
            f"hard_deletes={write.hard_deletes} is refused: a delivery of {name} does not list everything, so absence "
            f"from it deletes nothing (is_complete of {name} is False)"
            for name in partial
        ]
    if faults:
        raise ContractError(f"{model.table.name}: as a history it is declared wrongly: {'; '.join(faults)}")


def _faults_of_columns(table: Table, write: History) -> list[str]:
    names = set(table.column_names)
    given = {column.name for column in table.observed_columns} - set(table.business_key)
    is_checked = write.strategy is Strategy.CHECK
    rules = {
        "not every column of VERSION_COLUMNS is declared": set(VERSION_COLUMNS) <= set(table.columns),
        "the key must be the columns of widen_by and valid_from": table.key == (*table.widen_by, "valid_from"),
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
