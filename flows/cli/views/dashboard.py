"""What the dashboard is handed over: the login of the settings, answers to questions, explanations of numbers."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path

from deployments.dashboard import Access, Answer, WrongQuestionError
from flows.cli.views.activity import activities_in
from flows.errors import ConfigError
from flows.settings import Settings

_MOST_ROWS = 1000


def make_access(settings: Settings) -> Access:
    """Return how the pages reach the warehouse of the settings."""
    from flows.cli.views.explainer import Explainer
    from flows.warehouse import connect

    return Access(
        connect=partial(connect, settings, QUERY_TAG='{"flow": "dashboard"}'),
        ask=partial(answer_question, settings),
        refresh_seconds=settings.dashboard_refresh_seconds,
        explainer=Explainer(settings),
    )


def need_dashboard() -> None:
    """Check that what draws is installed.

    Raises:
        ConfigError: It is not.
    """
    if find_spec("streamlit") is None or find_spec("vl_convert") is None:
        raise ConfigError("What draws charts is not installed: `pip install 'snowcast[dashboard]'`.")


def write_report(settings: Settings, file: Path) -> None:
    """Write the state of the warehouse into one page.

    Raises:
        ConfigError: The file cannot be written.
        SourceError: The warehouse cannot be reached.
    """
    from deployments.dashboard.report import make_report
    from deployments.dashboard.warehouse import Warehouse

    access = make_access(settings)
    access.connect().close()
    warehouse = Warehouse(access.connect)
    try:
        text = make_report(warehouse, f"{settings.warehouse} warehouse, database {settings.database}")
    finally:
        warehouse.close()
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--html {file}: {error.strerror}.") from None


def answer_question(settings: Settings, question: str) -> Answer:
    """Return the first rows of a question's dataset, by entity and time.

    Raises:
        WrongQuestionError: It is wrong; the message points at the word.
    """
    import pandas as pd

    from flows.cli.views.activity import answer
    from flows.warehouse import open_session
    from flows.warehouse.session import open_reader
    from transforms.datasets.analysis.plan import plan_of
    from transforms.datasets.syntax.errors import QueryError
    from transforms.datasets.syntax.parser import parse_query

    with open_reader(settings) as reader:
        known = activities_in(reader, settings)
    try:
        plan = plan_of(parse_query(question), known)
    except QueryError as error:
        raise WrongQuestionError(str(error)) from None
    with open_session(settings, flow="dashboard") as session:
        columns, rows = answer(session, settings, plan, most=_MOST_ROWS + 1)
    return Answer(pd.DataFrame(rows[:_MOST_ROWS], columns=columns), is_cut=len(rows) > _MOST_ROWS)
