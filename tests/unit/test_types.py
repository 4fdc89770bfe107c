"""Types of columns without Snowpark: each means, casts and is remembered as Snowpark's type of the same name."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest
from snowflake.snowpark import types as snowpark
from snowflake.snowpark.functions import col

from transforms import functions
from transforms.catalog import models
from transforms.contract import BOOLEAN, DATE, FLOAT, INTEGER, TEXT, TIMESTAMP, VARIANT, money
from transforms.ops import LEDGERS
from transforms.types import DecimalType, NumericType

OURS_AND_SNOWPARKS = [
    (INTEGER, snowpark.LongType()),
    (FLOAT, snowpark.DoubleType()),
    (TEXT, snowpark.StringType()),
    (BOOLEAN, snowpark.BooleanType()),
    (DATE, snowpark.DateType()),
    (VARIANT, snowpark.VariantType()),
    (TIMESTAMP, snowpark.TimestampType(snowpark.TimestampTimeZone.NTZ)),
    (money(), snowpark.DecimalType(18, 2)),
    (DecimalType(38, 6), snowpark.DecimalType(38, 6)),
]


@pytest.mark.parametrize(("ours", "theirs"), OURS_AND_SNOWPARKS)
def test_a_type_is_that_of_snowpark(ours, theirs):
    assert ours.as_snowpark() == theirs
    assert repr(ours) == repr(theirs)
    assert col("x").cast(ours)._expression.to == theirs
    assert copy.deepcopy(ours) == ours
    assert repr(copy.deepcopy(ours)) == repr(ours)


def test_types_of_another_meaning_differ():
    assert len({ours for ours, _ in OURS_AND_SNOWPARKS}) == len(OURS_AND_SNOWPARKS)
    assert money() == DecimalType(18, 2) != DecimalType(18, 4)
    assert isinstance(INTEGER, NumericType)
    assert not isinstance(TEXT, NumericType)


def test_the_text_by_which_homes_remember_types_stays():
    told = {
        repr(column.type) for table in [*LEDGERS, *[m.table for m in models().values()]] for column in table.columns
    }
    assert told <= {
        "LongType()",
        "DoubleType()",
        "StringType()",
        "BooleanType()",
        "DateType()",
        "VariantType()",
        "TimestampType(timezone=TimestampTimeZone('ntz'))",
        "DecimalType(18, 2)",
        "DecimalType(18, 4)",
    }


def test_functions_are_snowparks_own_where_it_is_there():
    assert functions.col is col


def test_a_function_that_was_taken_before_snowpark_is_that_of_snowpark():
    program = (
        "import json, sys\n"
        "from transforms.functions import Window, col\n"
        "before = 'snowflake.snowpark' in sys.modules\n"
        "made = [type(col('x')).__module__, type(Window.partition_by(col('x'))).__module__]\n"
        "print(json.dumps([before, made]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [False, ["snowflake.snowpark.column", "snowflake.snowpark.window"]]
