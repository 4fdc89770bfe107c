"""A history and the staging table that it observes: the frames from which its versions are made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from snowflake.snowpark.functions import col, in_, lit

from transforms.catalog import models
from transforms.contract import (
    EFFECTIVE_AT,
    LINEAGE,
    OBSERVED_AT,
    TIMESTAMP,
    ContractError,
    HardDeletes,
    History,
    Strategy,
)
from transforms.engine.batches import in_batches, stored
from transforms.scd2.full_snapshots import refused_records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from snowflake.snowpark import Column, DataFrame, Session

    from transforms.catalog import Model
    from transforms.contract import Table
    from transforms.engine.batches import Batches, State
    from transforms.scd2.full_snapshots import Listings


@dataclass(frozen=True)
class HistorySource:
    """A history and the staging table that it observes.

    Args:
        session: Where the tables are.
        table: The history.
        write: How its versions are made.
        build: Gives observations of rows of the staging table.
        staging: The staging table.
        stage: Gives rows of the staging table from raw ones.
        batches: What of the staging table the history has not consumed.
    """

    session: Session
    table: Table
    write: History
    build: Callable[[DataFrame], DataFrame]
    staging: Table
    stage: Callable[[DataFrame], DataFrame]
    batches: Batches

    @property
    def counts_absence(self) -> bool:
        """Whether a key that a delivery lacks is gone."""
        return self.write.hard_deletes is not HardDeletes.IGNORE

    @property
    def has_own_time(self) -> bool:
        """Whether records tell from when their values hold."""
        return self.write.strategy is Strategy.TIMESTAMP

    def versions(self) -> DataFrame:
        """The history as it is stored."""
        return stored(self.session, self.table)

    def staged(self) -> DataFrame:
        """The staging table as it is stored."""
        return stored(self.session, self.staging)

    def newly_staged(self) -> DataFrame:
        """Rows of the staging table that builds wrote which the history has not consumed."""
        return self.staged().filter(in_batches(self.staging, self.batches.ids))

    def observed(self, staged: DataFrame) -> DataFrame:
        """Observations of rows of the staging table."""
        return self.build(staged).select(*self._observation_names)

    @property
    def _observation_names(self) -> list[str]:
        given = [column.name for column in (*self.table.observed_columns, *LINEAGE)]
        return [*given, *[f"_newest_by_{name}" for name in self.write.newest_by], OBSERVED_AT.name, EFFECTIVE_AT.name]

    def refused(self, pending: tuple[str, ...] | None = None) -> DataFrame:
        """Records that staging refused, of all builds or of some, as observations without values."""
        refused = self.stage(refused_records(self.session, self.staging.name, pending))
        names = [name for name in self._observation_names if name != EFFECTIVE_AT.name]
        return self.observed(refused).select(*names, lit(None).cast(TIMESTAMP).alias(EFFECTIVE_AT.name))

    def arrived(self, listings: Listings | None) -> DataFrame:
        """Observations that the history has not consumed."""
        arrived = self.observed(self.newly_staged())
        if listings is not None and listings.refused_new:
            arrived = arrived.union_all(self.refused(self.batches.ids))
        return arrived.filter(self.is_usable())

    def is_usable(self) -> Column:
        """Condition: the observation names its key, and tells values or at least that the key was there."""
        has_key = reduce(and_, [col(name).is_not_null() for name in self.table.business_key])
        return has_key if self.counts_absence else has_key & col(EFFECTIVE_AT.name).is_not_null()

    def of_keys(self, frame: DataFrame, keys: DataFrame) -> DataFrame:
        """The frame's rows of some keys."""
        return frame.filter(in_([col(name) for name in self.table.business_key], keys))


def source_of(session: Session, model: Model, state: State, parameters: Mapping[str, Any]) -> HistorySource:
    """The history of a model beside its staging table.

    Args:
        session: Where the tables are.
        model: A history.
        state: What it has not consumed.
        parameters: Values for keyword parameters of its `build`.

    Raises:
        ContractError: The model is no history of a staging table.
    """
    (name,) = model.inputs
    staging, write, build = models()[name], model.table.write, model.build
    if not isinstance(write, History) or build is None or staging.build is None:
        raise ContractError(f"{model.table.name}: is no history of a staging table")
    return HistorySource(
        session=session,
        table=model.table,
        write=write,
        build=lambda staged: build(staged, **parameters),
        staging=staging.table,
        stage=staging.build,
        batches=state.pending[name],
    )
