"""The validation report of a run as Markdown: for the Prefect artifact and for people."""

from __future__ import annotations

from collections.abc import Sequence

from expectations.engine.results import RuleResult, sort_worst_first

_HEADER = ("| table | rule | severity | found | why it is there |", "|---|---|---|---|---|")


def format_summary(results: Sequence[RuleResult]) -> str:
    """Return how many rules on how many tables, and what failed, in one line."""
    failed = [result for result in results if not result.success]
    critical = sum(result.severity == "critical" for result in failed)
    tables = len({result.table_name for result in results})
    text = f"{len(results)} rules on {tables} tables"
    return f"{text}; failed: {critical} critical, {len(failed) - critical} warning" if failed else f"{text}, all hold"


def markdown(results: Sequence[RuleResult], docs_link: str | None = None) -> str:
    """Return what failed, worst first; then how many rules held on each table."""
    failed = [result for result in sort_worst_first(results) if not result.success]
    lines = [f"**{format_summary(results)}**", ""]
    if failed:
        lines += [*_HEADER, *(_make_row(result) for result in failed), ""]
    lines += ["| table | scope | rules | held |", "|---|---|---|---|", *_count_per_table(results)]
    if docs_link:
        lines += ["", f"[Data Docs]({docs_link})"]
    return "\n".join(lines)


def _make_row(result: RuleResult) -> str:
    cells = (f"{result.layer}.{result.table_name}", result.rule, result.severity, result.observed, result.reason)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _count_per_table(results: Sequence[RuleResult]) -> list[str]:
    tables = dict.fromkeys((result.layer, result.table_name, result.scope) for result in results)
    rows = []
    for layer, name, scope in tables:
        of_table = [r.success for r in results if (r.layer, r.table_name, r.scope) == (layer, name, scope)]
        rows.append(f"| {layer}.{name} | {scope} | {len(of_table)} | {sum(of_table)} |")
    return rows
