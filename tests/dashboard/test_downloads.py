from __future__ import annotations

import pandas as pd
import pytest

from deployments.dashboard.downloads import csv_of


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_text_that_a_spreadsheet_would_run_is_escaped(begin: str):
    text = csv_of(pd.DataFrame({"name": [f"{begin}HYPERLINK(1)"]}))
    assert text.replace('"', "").startswith(f"name\n'{begin}HYPERLINK")


def test_numbers_stay_numbers_and_times_are_iso():
    frame = pd.DataFrame(
        {
            "change": pd.Series([-5, None], dtype="Int64"),
            "at": pd.Series(["2026-03-01 10:00:00", None], dtype="datetime64[us]"),
            "name": ["Anna", None],
        }
    )
    assert csv_of(frame) == "change,at,name\n-5,2026-03-01T10:00:00,Anna\n,,\n"
