"""The questions of QUERIES.md, asked as they stand there."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.properties.conftest import emptied
from transforms.activity.definitions.registry import list_known_activities
from transforms.catalog import models
from transforms.datasets.analysis.plan import plan_of
from transforms.datasets.frames.compile import compile_plan
from transforms.datasets.syntax.parser import parse_query
from transforms.engine.stored import current_database, read_table

QUERIES = (Path(__file__).parents[3] / "transforms" / "datasets" / "QUERIES.md").read_text(encoding="utf-8")


ASKED = re.findall(r'^\$ snowcast activity query (?:--table \w+ )?"([^"]+)"', QUERIES, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def empty_session(_unit_session: Session) -> Session:
    """A session on tables that are emptied once: the questions store nothing, and other tests may have left rows."""
    return emptied(_unit_session)


@pytest.mark.parametrize("question", [one for one in ASKED if "recieved" not in one])
def test_a_question_of_the_documentation_is_answered(question: str, empty_session: Session):
    plan = plan_of(parse_query(question), list_known_activities())
    answer = compile_plan(plan, read_table(empty_session, models()[plan.stream].table)).collect()
    assert (answer, len(plan.columns) > 4) == ([], True)


def test_the_question_in_python_of_the_documentation_is_that_in_text(empty_session: Session):
    (block,) = re.findall(r"```python\n(.*?)```", QUERIES, flags=re.DOTALL)
    said: dict[str, Any] = {"timedelta": timedelta, "list_known_activities": list_known_activities}
    said["session"] = empty_session
    exec(block.replace("ANALYTICS.ACTIVITY", f"{current_database(empty_session)}.ACTIVITY"), said)  # noqa: S102
    assert len(ASKED) == 10
    assert repr(said["question"]) == repr(parse_query(ASKED[1]))
    assert said["frame"].collect() == []
