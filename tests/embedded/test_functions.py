"""Scalar functions: one statement per topic, every value as Snowflake's documentation has it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.embedded.answers import one, wrong_answers

JANUARY = dt.datetime(2024, 1, 2, 3, 4, 5)


@pytest.mark.supports("division of whole and decimal numbers gives decimals; rounding half away from zero")
def test_arithmetic(connection):
    assert not wrong_answers(
        connection,
        {
            "7 / 2": Decimal("3.500000"),
            "1 / 3": Decimal("0.333333"),
            "1.50 :: NUMBER(10, 2) / 3": Decimal("0.50000000"),
            "7 :: FLOAT / 2": 3.5,
            "10 / 4 * 2": Decimal("5.000000"),
            "MOD(7, 3)": 1,
            "(10 + 5) % 4": 3,
            "MOD(10 + 5, 4 + 3)": 1,
            "DIV0(1, 0)": Decimal("0.000000"),
            "DIV0NULL(1, NULL)": Decimal("0.000000"),
            "ROUND(2.5)": 3,
            "ROUND(-2.5)": -3,
            "ROUND(2.567, 2)": Decimal("2.57"),
            "TRUNC(2.567, 1)": Decimal("2.5"),
            "CEIL(2.1)": 3,
            "FLOOR(-2.1)": -3,
            "ABS(-5)": 5,
            "SIGN(-2.5)": -1,
            "POWER(2, 10)": 1024.0,
            "BITAND(6, 3)": 2,
            "WIDTH_BUCKET(5, 0, 10, 5)": 3,
            "FACTORIAL(5 :: NUMBER)": 120,
        },
    )


@pytest.mark.supports("conversions between types: CAST, ::, TRY_CAST, TO_NUMBER, TO_BOOLEAN, TO_BINARY, TO_VARCHAR")
def test_conversions(connection):
    assert not wrong_answers(
        connection,
        {
            "2.5 :: INT": 3,
            "2.5 :: FLOAT :: INT": 3,
            "'12.6' :: INT": 13,
            "TRUE :: INT": 1,
            "1.0 :: FLOAT :: VARCHAR": "1",
            "1.25 :: FLOAT :: VARCHAR": "1.25",
            "TRUE :: VARCHAR": "true",
            "'abcd' :: VARCHAR(2)": "ab",
            "'on' :: BOOLEAN": True,
            "0 :: BOOLEAN": False,
            "TO_NUMBER('12.34', 10, 1)": Decimal("12.3"),
            "TO_NUMBER('12')": 12,
            "TRY_TO_NUMBER('x')": None,
            "TRY_TO_DECIMAL('1.55', 10, 1)": Decimal("1.6"),
            "TRY_CAST('x' AS INT)": None,
            "TRY_CAST('5' AS INT)": 5,
            "TO_DOUBLE('1.5')": 1.5,
            "TO_BINARY('6162')": bytearray(b"ab"),
            "'6162' :: BINARY": bytearray(b"ab"),
            "TO_BINARY('ab', 'UTF-8')": bytearray(b"ab"),
            "'2024-01-02 03:04:05.678' :: TIMESTAMP :: VARCHAR": "2024-01-02 03:04:05.678",
            "'2024-01-02' :: DATE :: VARCHAR": "2024-01-02",
        },
    )


@pytest.mark.supports("NULL rules: GREATEST, LEAST, CONCAT, EQUAL_NULL, IS DISTINCT FROM, IFF, NVL, DECODE, ZEROIFNULL")
def test_null_rules(connection):
    assert not wrong_answers(
        connection,
        {
            "GREATEST(1, 2, NULL)": None,
            "LEAST(1, 2)": 1,
            "GREATEST_IGNORE_NULLS(1, NULL, 3)": 3,
            "CONCAT('a', NULL)": None,
            "'a' || 1": "a1",
            "CONCAT_WS('-', 'a', 'b')": "a-b",
            "EQUAL_NULL(NULL, NULL)": True,
            "NULL IS DISTINCT FROM 1": True,
            "1 IS NOT DISTINCT FROM 1": True,
            "ZEROIFNULL(NULL)": 0,
            "NULLIFZERO(0)": None,
            "NVL(NULL, 'x')": "x",
            "NVL2(NULL, 1, 2)": 2,
            "IFF(TRUE, 'a', 'b')": "a",
            "DECODE(2, 1, 'x', 2, 'y', 'z')": "y",
            "COALESCE(NULL, NULL, 3)": 3,
        },
    )


@pytest.mark.supports("text to timestamps and dates: ISO 8601 with T and Z, epoch seconds to nanoseconds, formats")
def test_times_from_text(connection):
    assert not wrong_answers(
        connection,
        {
            "'2024-01-02' :: DATE": dt.date(2024, 1, 2),
            "'2024-01-02T03:04:05Z' :: TIMESTAMP_NTZ": JANUARY,
            "'2024-01-02T03:04:05.123456Z' :: TIMESTAMP_NTZ": JANUARY.replace(microsecond=123456),
            "'2024-01-02 03:04:05 +0200' :: TIMESTAMP_NTZ": JANUARY,
            "TO_TIMESTAMP(1700000000)": dt.datetime(2023, 11, 14, 22, 13, 20),
            "TO_TIMESTAMP(1700000000123, 3)": dt.datetime(2023, 11, 14, 22, 13, 20, 123000),
            "TO_TIMESTAMP('1700000000123')": dt.datetime(2023, 11, 14, 22, 13, 20, 123000),
            "TO_TIMESTAMP_NTZ('2024-01-02 03:04:05')": JANUARY,
            "TO_TIMESTAMP('02/01/2024', 'DD/MM/YYYY')": dt.datetime(2024, 1, 2),
            "TO_TIMESTAMP('2024-01-02 03:04:05.5', 'YYYY-MM-DD HH24:MI:SS.FF1')": JANUARY.replace(microsecond=500000),
            "TRY_TO_TIMESTAMP('nope')": None,
            "TRY_TO_DATE('x')": None,
            "TO_DATE('20240102', 'YYYYMMDD')": dt.date(2024, 1, 2),
            "TO_DATE('2024-01-02 10:00:00')": dt.date(2024, 1, 2),
            "TO_TIME('10:11:12')": dt.time(10, 11, 12),
        },
    )


@pytest.mark.supports("TO_CHAR / TO_VARCHAR of dates and timestamps by format")
def test_times_to_text(connection):
    assert not wrong_answers(
        connection,
        {
            "TO_CHAR('2024-01-02 15:04:05' :: TIMESTAMP, 'YYYY-MM-DD HH24:MI:SS')": "2024-01-02 15:04:05",
            "TO_CHAR('2024-01-02' :: DATE, 'DD/MM/YY')": "02/01/24",
            "TO_VARCHAR('2024-01-02 15:04:05.123' :: TIMESTAMP, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF3\"Z\"')": (
                "2024-01-02T15:04:05.123Z"
            ),
            "TO_VARCHAR('2024-01-02' :: DATE, 'MON DY')": "Jan Tue",
            "TO_CHAR(1)": "1",
        },
    )


@pytest.mark.supports(
    "date arithmetic: DATEADD, DATEDIFF (boundaries), DATE_TRUNC, LAST_DAY, TIME_SLICE, CONVERT_TIMEZONE"
)
def test_date_arithmetic(connection):
    assert not wrong_answers(
        connection,
        {
            "DATEADD(day, 1, '2024-01-31' :: DATE)": dt.date(2024, 2, 1),
            "DATEADD(month, 1, '2024-01-31' :: DATE)": dt.date(2024, 2, 29),
            "DATEADD(hour, 1, '2024-01-31' :: DATE)": dt.datetime(2024, 1, 31, 1),
            "DATEADD('day', 2, '2024-01-01')": dt.datetime(2024, 1, 3),
            "DATEDIFF(day, '2024-01-01' :: DATE, '2024-01-31' :: DATE)": 30,
            "DATEDIFF(month, '2024-01-31', '2024-02-01')": 1,
            "DATEDIFF(week, '2024-01-07' :: DATE, '2024-01-08' :: DATE)": 1,
            "DATEDIFF(hour, '2024-01-01 00:59:59' :: TIMESTAMP, '2024-01-01 01:00:00' :: TIMESTAMP)": 1,
            "DATEDIFF(year, '2023-12-31' :: DATE, '2024-01-01' :: DATE)": 1,
            "DATE_TRUNC('month', '2024-05-17' :: DATE)": dt.date(2024, 5, 1),
            "DATE_TRUNC('week', '2024-05-17' :: DATE)": dt.date(2024, 5, 13),
            "DATE_TRUNC('hour', '2024-05-17 10:11:12' :: TIMESTAMP)": dt.datetime(2024, 5, 17, 10),
            "LAST_DAY('2024-02-05' :: DATE)": dt.date(2024, 2, 29),
            "ADD_MONTHS('2024-01-31' :: DATE, 1)": dt.date(2024, 2, 29),
            "TIME_SLICE('2024-01-01 00:17:00' :: TIMESTAMP, 15, 'minute')": dt.datetime(2024, 1, 1, 0, 15),
            "CONVERT_TIMEZONE('UTC', 'America/New_York', '2024-01-01 12:00:00' :: TIMESTAMP_NTZ)": (
                dt.datetime(2024, 1, 1, 7)
            ),
            "'2024-01-01' :: DATE + 1": dt.date(2024, 1, 2),
            "'2024-01-10' :: DATE - '2024-01-01' :: DATE": 9,
            "DATE_FROM_PARTS(2024, 1, 31)": dt.date(2024, 1, 31),
            "TIMESTAMP_FROM_PARTS(2024, 1, 2, 3, 4, 5)": JANUARY,
        },
    )


@pytest.mark.supports("parts of dates: YEAR … HOUR, DAYOFWEEK, WEEKISO, DATE_PART(EPOCH_SECOND)")
def test_date_parts(connection):
    assert not wrong_answers(
        connection,
        {
            "DAYOFWEEK('2024-01-07' :: DATE)": 0,
            "DAYOFWEEKISO('2024-01-07' :: DATE)": 7,
            "DAYOFYEAR('2024-02-01' :: DATE)": 32,
            "WEEKOFYEAR('2024-01-01' :: DATE)": 1,
            "WEEKISO('2024-12-30' :: DATE)": 1,
            "YEAROFWEEKISO('2024-12-30' :: DATE)": 2025,
            "QUARTER('2024-05-01' :: DATE)": 2,
            "HOUR('2024-05-01 13:00:00' :: TIMESTAMP)": 13,
            "DAYNAME('2024-01-07' :: DATE)": "Sun",
            "MONTHNAME('2024-01-07' :: DATE)": "Jan",
            "DATE_PART(epoch_second, '2023-11-14 22:13:20' :: TIMESTAMP)": 1700000000,
            "DATE_PART('epoch_millisecond', '2023-11-14 22:13:20.5' :: TIMESTAMP)": 1700000000500,
        },
    )


@pytest.mark.supports("text functions and regular expressions")
def test_text(connection):
    assert not wrong_answers(
        connection,
        {
            "CONTAINS('abc', 'b')": True,
            "CHARINDEX('b', 'abc')": 2,
            "REGEXP_LIKE('abc', 'a.*')": True,
            "REGEXP_LIKE('abc', 'b')": False,
            "REGEXP_REPLACE('a1b22', '[0-9]+', '#')": "a#b#",
            "REGEXP_SUBSTR('abc123', '[0-9]+')": "123",
            "REGEXP_SUBSTR('abc', '[0-9]+')": None,
            "REGEXP_SUBSTR('k=v', '(\\\\w)=(\\\\w)', 1, 1, 'e', 2)": "v",
            "REGEXP_COUNT('abab', 'ab')": 2,
            "SUBSTR('abcdef', 2, 3)": "bcd",
            "LPAD('5', 3, '0')": "005",
            "TRIM('  a ')": "a",
            "UPPER('aé')": "AÉ",
            "INITCAP('hello world')": "Hello World",
            "REPLACE('abc', 'b')": "ac",
            "TRANSLATE('abc', 'ab', 'xy')": "xyc",
            "LENGTH('aé😀')": 3,
            "OCTET_LENGTH('é')": 2,
            "SPLIT_PART('a,b,c', ',', -1)": "c",
            "SPLIT('a,b', ',')[1] :: STRING": "b",
            "STRTOK('a b c', ' ', 2)": "b",
            "'a' LIKE 'A'": False,
            "'a' ILIKE 'A'": True,
            "'abc' LIKE ANY ('x%', 'a%')": True,
            "EDITDISTANCE('ab', 'ac')": 1,
            "CHR(65 :: NUMBER) || CHAR(66.4 :: FLOAT) || CHR('67') || CHR(68 :: VARIANT)": "ABCD",
        },
    )


@pytest.mark.supports("hashes: MD5, SHA1, SHA2 (256 bits); encodings: hex, base64")
def test_hashes(connection):
    assert not wrong_answers(
        connection,
        {
            "MD5('a')": "0cc175b9c0f1b6a831c399e269772661",
            "MD5(1)": "c4ca4238a0b923820dcc509a6f75849b",
            "SHA1('a')": "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",
            "SHA2('a')": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
            "HASH('a') = HASH('a')": True,
            "HEX_ENCODE('ab')": "6162",
            "BASE64_ENCODE('ab')": "YWI=",
        },
    )


@pytest.mark.supports(
    "CURRENT_DATABASE, CURRENT_SCHEMA, CURRENT_USER, CURRENT_ROLE, CURRENT_WAREHOUSE, CURRENT_TIMESTAMP"
)
def test_context(connection, database):
    assert not wrong_answers(
        connection,
        {
            "CURRENT_DATABASE()": database,
            "CURRENT_SCHEMA()": "PUBLIC",
            "CURRENT_USER()": "SNOWCAST",
            "CURRENT_ROLE()": "SYSADMIN",
            "CURRENT_WAREHOUSE()": "EMBEDDED",
            "CURRENT_TIMESTAMP() :: DATE = CURRENT_DATE()": True,
        },
    )


@pytest.mark.differs("SHA2 of 224, 384 and 512 bits, number formats of TO_CHAR: refused with an error that names them")
@pytest.mark.parametrize("expression", ["SHA2('a', 512)", "TO_CHAR(5, '000')"])
def test_functions_that_are_refused(connection, expression):
    with pytest.raises(ProgrammingError, match="Unsupported feature") as raised:
        one(connection, f"SELECT {expression}")
    assert raised.value.errno == 2
