"""Rules as Great Expectations expectations: counted together, one statement for all rules of a batch.

Importing this module imports Great Expectations, which takes seconds: import it where it is used.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy
from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render.components import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer

from expectations.engine.printable import printable

ROWS = "table.row_count"
FAILING_ROWS = "snowcast.failing_rows"


def sql(text: str) -> Any:
    """Return an SQL expression as it is: a colon in it (a time, a path of a VARIANT) is no bind parameter."""
    return sqlalchemy.literal_column(text)


class FailingRows(TableMetricProvider):
    """How many rows of the batch meet a condition: an aggregate, so all conditions of a batch share a statement."""

    metric_name = FAILING_ROWS
    value_keys = ("fails",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805 - Great Expectations calls it on the class
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        return sqlalchemy.func.count_if(sql(metric_value_kwargs["fails"])), metric_domain_kwargs, {}


def _statement(configuration: Any) -> RenderedStringTemplateContent:
    """Return a rule as Data Docs show it: what must be true, how grave it is, why."""
    kwargs = configuration.kwargs
    return RenderedStringTemplateContent(
        content_block_type="string_template",
        string_template={
            "template": "$rule ($severity): $reason",
            "params": {
                "rule": kwargs["rule"],
                "reason": kwargs["reason"],
                "severity": FailureSeverity(configuration.severity).value,
            },
            "styling": {"params": {"rule": {"classes": ["font-weight-bold"]}}},
        },
    )


class _Stated(BatchExpectation):
    """An expectation that is written down once: GX asks each one for its configuration some 50 times a validation."""

    _stated: Any = PrivateAttr(default=None)

    @property
    def configuration(self) -> Any:
        """The expectation as GX stores and renders it."""
        if self._stated is None:
            self._stated = super().configuration
        return self._stated

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> list[RenderedStringTemplateContent]:
        return [_statement(configuration)]


class ExpectRuleToHold(_Stated):
    """No row of the batch meets the condition `fails`."""

    rule: str
    fails: str
    reason: str
    shows: list[str]
    metric_dependencies: ClassVar[tuple[str, ...]] = (ROWS, FAILING_ROWS)
    success_keys: ClassVar[tuple[str, ...]] = ("rule", "fails", "reason", "shows")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        rows, failing = int(metrics[ROWS] or 0), int(metrics[FAILING_ROWS] or 0)
        observed = f"{failing:,} of {rows:,} rows" if failing else f"{rows:,} rows"
        if failing:
            observed = f"{observed}: {self._first_failing(execution_engine)}"
        return {"success": failing == 0, "result": {"observed_value": observed}}

    def _first_failing(self, execution_engine: Any) -> str:
        """Key and values of the first bad row: one more statement, and only where there is one."""
        columns = [sql(column).label(f"c{n}") for n, column in enumerate(self.shows)]
        rows = execution_engine.get_domain_records({"batch_id": self.configuration.kwargs["batch_id"]})
        first = sqlalchemy.select(*columns).select_from(rows).where(sql(self.fails)).order_by(*columns).limit(1)
        found = execution_engine.execute_query(first).fetchone()
        display = ", ".join(
            f"{name} {_select_shown(value)}" for name, value in zip(self.shows, found or (), strict=False)
        )
        return f"first {display}"


class ExpectColumnsAsDeclared(_Stated):
    """Every declared column is stored, with the declared type. `found` was read from the information schema."""

    rule: str
    reason: str
    declared: dict[str, str]
    found: dict[str, str]
    success_keys: ClassVar[tuple[str, ...]] = ("rule", "reason", "declared", "found")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        missing = [name for name in self.declared if name not in self.found]
        other = [
            f"{name} is {self.found[name]}, declared {kind}"
            for name, kind in self.declared.items()
            if name in self.found and self.found[name] != kind
        ]
        problems = ([f"lacks {', '.join(missing)}"] if missing else []) + other
        return {
            "success": not problems,
            "result": {"observed_value": "; ".join(problems) or f"{len(self.declared)} columns"},
        }


def _select_shown(value: Any) -> str:
    text = "NULL" if value is None else printable(str(value))
    return text if len(text) <= 80 else f"{text[:77]}..."
