"""Libraries of Great Expectations that no rule uses are imported when they are asked for, and not before."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import inspect, json, sys
import expectations.engine.suites
from great_expectations.expectations.core import expect_column_kl_divergence_to_be_less_than as holder
inspect.getmodule(inspect.currentframe())  # asks every module for its file
before = [name in sys.modules for name in ("altair.vegalite", "scipy.stats._stats_py")]
import altair, altair.utils
from scipy.stats import norm
print(json.dumps([before, holder.alt.Chart is altair.Chart, altair.utils.__name__, round(norm.cdf(0.0), 3)]))
"""


def test_the_engine_starts_without_them_and_whoever_asks_has_them():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout) == [[False, False], True, "altair.utils", 0.5]
