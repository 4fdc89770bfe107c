"""Data Docs that a browser shows without asking anyone: GX's pages load styles, scripts and logos from the web.

GX takes the classes of its pages by name; these two strip its result pages of everything remote and give them a style
of their own, and write the index as a plain table that tells how grave a failure is.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from great_expectations.render.renderer.site_builder import DefaultSiteIndexBuilder
from great_expectations.render.view.view import DefaultJinjaPageView

_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
_REMOTE_TAG = re.compile(r"""<(?:link|img)\b[^>]*["']https?://[^>]*>""")
_REMOTE_URL = re.compile(r"url\(['\"]?https?://[^)]*\)")
_FOOTER = re.compile(r"<footer\b.*?</footer>", re.DOTALL)
_ICON = re.compile(r"<i class=\"[^\"]*(text-success|text-danger|text-warning)[^\"]*\"[^>]*>")
_MARKS = {"text-success": "✓", "text-danger": "✗", "text-warning": "!"}
STYLE = """<style>
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
td, th { border-bottom: 1px solid #8884; padding: .35rem .6rem; text-align: left; vertical-align: top; }
td, td * { word-break: normal !important; overflow-wrap: anywhere; }
td:first-child:not(:last-child) { min-width: 10rem; }
.text-success { color: #1a7f37; } .text-danger { color: #cf222e; } .text-warning { color: #9a6700; }
.font-weight-bold, .badge { font-weight: 600; }
nav ol, .breadcrumb { list-style: none; padding: 0; display: flex; gap: .6rem; flex-wrap: wrap; }
.sticky, #ge-cta-footer, .navbar, .modal, .ge-walkthrough-modal, .d-none { display: none !important; }
.col-md-2, .table-of-contents, .nav { display: none; }
pre, code { white-space: pre-wrap; overflow-wrap: anywhere; }
h4, h5, h6 { font-size: 1.1rem; margin: 1rem 0 .3rem; }
</style>"""


class ResultPage(DefaultJinjaPageView):
    """The page of one table's newest result."""

    def render(self, document: Any, template: Any = None, **kwargs: Any) -> str:
        """Return the page as HTML that needs nothing from the web."""
        rendered: Any = super()
        page = offline(str(rendered.render(document, template, **kwargs)))
        return page.replace("<body>", "<body><p><a href='../../../../index.html'>All tables</a></p>", 1)


class IndexBuilder(DefaultSiteIndexBuilder):
    """Writes the index: all tables with their newest result, the gravest failures first."""

    def build(self, skip_and_clean_missing: bool = True, build_index: bool = True) -> tuple[Any, None]:
        """Write the index page of the results that are kept, and take away the pages of those that are not."""
        if not build_index:
            return None, None
        keys = self._build_validation_and_profiling_result_site_keys(skip_and_clean_missing)
        kept = self.data_context.validation_results_store
        page = _make_index(_find_newest_result(key, kept.get(key)) for key in keys)
        return self.target_store.write_index_page(page), None


def offline(page: str) -> str:
    """Return the page without scripts and without anything remote, in the style of these pages."""
    for remote in (_SCRIPT, _REMOTE_TAG, _FOOTER):
        page = remote.sub("", page)
    page = _REMOTE_URL.sub("none", page)
    page = _ICON.sub(lambda icon: f'<i class="{icon.group(1)}">{_MARKS[icon.group(1)]}', page)
    return page.replace("</head>", f"{STYLE}</head>", 1)


@dataclass(frozen=True)
class _NewestResult:
    """One line of the index; `critical` and `warning` are the numbers of rules that failed."""

    table: str
    critical: int
    warning: int
    checked: str
    run: str
    link: str


def _find_newest_result(key: Any, result: Any) -> _NewestResult:
    failed = Counter(one.expectation_config.severity for one in result.results if not one.success)
    name = key.expectation_suite_identifier.name
    return _NewestResult(
        table=name,
        critical=failed["critical"],
        warning=failed["warning"],
        checked=f"{key.run_id.run_time:%Y-%m-%d %H:%M:%S} UTC",
        run=str(key.run_id.run_name),
        link="/".join(("validations", name, *key.run_id.to_tuple(), f"{key.batch_identifier}.html")),
    )


def _make_index(results: Iterable[_NewestResult]) -> str:
    lines = "".join(map(_make_line, sorted(results, key=lambda one: (not one.critical, not one.warning, one.table))))
    return (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>Snowcast validation</title>{STYLE}</head><body>"
        "<h1>Snowcast validation</h1><p>The newest result of each table. "
        "Every result of every run is in OPS.VALIDATION_RESULTS.</p>"
        f"<table><tr><th>table</th><th>result</th><th>checked</th><th>run</th></tr>{lines}</table></body></html>"
    )


def _make_line(one: _NewestResult) -> str:
    kind, text = _format_verdict(one)
    name, checked, run = map(html.escape, (one.table, one.checked, one.run))
    link = html.escape(one.link, quote=True)
    return (
        f"<tr><td><a href='{link}'>{name}</a></td><td class='{kind}'>{text}</td><td>{checked}</td><td>{run}</td></tr>"
    )


def _format_verdict(one: _NewestResult) -> tuple[str, str]:
    """Style and words: a warning is reported, only a critical rule stops what is built from the table."""
    warned = f"{one.warning} warning{'' if one.warning == 1 else 's'}"
    if one.critical:
        rules = "rule" if one.critical == 1 else "rules"
        return "text-danger", f"✗ {one.critical} critical {rules} failed" + (f", {warned}" if one.warning else "")
    return ("text-warning", f"! {warned}") if one.warning else ("text-success", "✓ every rule holds")
