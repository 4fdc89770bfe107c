"""The words that questions are made of: which occurrences, relations, periods and functions there are."""

from enum import StrEnum


class Pick(StrEnum):
    """Which occurrences of an activity are meant."""

    FIRST = "first"
    LAST = "last"
    NTH = "nth"
    ALL = "all"
    AGGREGATE = "aggregate"


class Relation(StrEnum):
    """Where an appended activity stands to the cohort's row, or to the event of an earlier append."""

    EVER = "ever"
    BEFORE = "before"
    ON_OR_BEFORE = "on_or_before"
    AT = "at"
    ON_OR_AFTER = "on_or_after"
    AFTER = "after"
    IN_BETWEEN = "in_between"


class Period(StrEnum):
    """The length of a time spine's rows; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Function(StrEnum):
    """How the values of many occurrences become one."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVG = "avg"
    MEDIAN = "median"
    MIN = "min"
    MAX = "max"
    FIRST_VALUE = "first_value"
    LAST_VALUE = "last_value"
    LISTAGG = "listagg"
    LISTAGG_DISTINCT = "listagg_distinct"
    ANY = "any"
    ALL = "all"


# What may come behind a selection and its relation, so no name of an append without quotes.
CLAUSES = ("where", "on", "within", "take", "append", "on_or_after", "as")
# What stands between values and conditions, so no name of a feature without quotes.
_CONNECTING = "and or not in is like between when then else end order from until"
CONNECTING = tuple(_CONNECTING.split())
LONGEST_NUMBER = 38  # digits, as in Snowflake

# What Snowflake takes for no name of a column without quotes (its page "Reserved & limited keywords").
_RESERVED = """
    account all alter and any as between by case cast check column connect connection constraint create cross current
    current_date current_time current_timestamp current_user database delete distinct drop else exists false following
    for from full grant group gscluster having ilike in increment inner insert intersect into is issue join lateral
    left like localtime localtimestamp minus natural not null of on or order organization qualify regexp revoke right
    rlike row rows sample schema select set some start table tablesample then to trigger true try_cast union unique
    update using values view when whenever where with
"""
RESERVED = frozenset(_RESERVED.split())
