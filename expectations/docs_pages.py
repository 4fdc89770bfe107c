"""Data Docs that a browser shows without asking anyone: GX's pages load styles, scripts and logos from the web.

GX takes view classes by name; these two strip its pages of everything remote and give them a style of their own, and
write the index as a plain table instead of one that a script fills.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import unquote

from great_expectations.render.view.view import DefaultJinjaIndexPageView, DefaultJinjaPageView

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
        """The page as HTML that needs nothing from the web."""
        rendered: Any = super()
        page = offline(str(rendered.render(document, template, **kwargs)))
        return page.replace("<body>", "<body><p><a href='../../../../index.html'>All tables</a></p>", 1)


class IndexPage(DefaultJinjaIndexPageView):
    """All tables with their newest result, the ones that failed first."""

    def render(self, document: Any, template: Any = None, **kwargs: Any) -> str:
        """The page as HTML that needs nothing from the web."""
        rows = sorted(_rows(document.to_json_dict()), key=lambda row: (row["held"], row["table"]))
        lines = "".join(_line(row) for row in rows)
        return (
            f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>Snowcast validation</title>{STYLE}</head><body>"
            "<h1>Snowcast validation</h1><p>The newest result of each table. "
            "Every result of every run is in OPS.VALIDATION_RESULTS.</p>"
            f"<table><tr><th>table</th><th>result</th><th>checked</th><th>run</th></tr>{lines}</table></body></html>"
        )


def offline(page: str) -> str:
    """The page without scripts and without anything remote, in the style of these pages."""
    for remote in (_SCRIPT, _REMOTE_TAG, _FOOTER):
        page = remote.sub("", page)
    page = _REMOTE_URL.sub("none", page)
    page = _ICON.sub(lambda icon: f'<i class="{icon.group(1)}">{_MARKS[icon.group(1)]}', page)
    return page.replace("</head>", f"{STYLE}</head>", 1)


def _rows(document: Any) -> list[dict[str, Any]]:
    """The lines of the index, wherever GX nests its table."""
    if isinstance(document, list):
        return [row for part in document for row in _rows(part)]
    if not isinstance(document, dict):
        return []
    if "_validation_success_text" not in document:
        return _rows(list(document.values()))
    return [
        {
            "table": document["asset_name"],
            "held": document["_validation_success_text"] == "Success",
            "checked": document["run_time"],
            "run": document["run_name"],
            "link": document["_table_row_link_path"],
        }
    ]


def _line(row: dict[str, Any]) -> str:
    mark, told = ("text-success", "✓ every rule holds") if row["held"] else ("text-danger", "✗ a rule failed")
    name, checked, run = (html.escape(str(row[key])) for key in ("table", "checked", "run"))
    link = html.escape(unquote(str(row["link"])), quote=True)
    return (
        f"<tr><td><a href='{link}'>{name}</a></td><td class='{mark}'>{told}</td><td>{checked}</td><td>{run}</td></tr>"
    )
