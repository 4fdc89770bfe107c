"""Types of columns, told without Snowpark: each is the text by which Snowpark casts to the type of the same name.

A contract is read by commands that build no frame, and importing Snowpark takes them longer than their work. So
`col(name).cast(column.type)` is written as with Snowpark's own types, and `as_snowpark` gives those where a schema is
asked for. The repr is Snowpark's: homes remember a table's stored columns by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from snowflake.snowpark import types


class DataType(str):
    """A type of a column; equal to every other one of the same meaning."""

    spelled: ClassVar[str] = ""

    def __new__(cls) -> Self:
        """The type, as the text that Snowpark takes for it."""
        return super().__new__(cls, cls.spelled)

    def __repr__(self) -> str:
        """As Snowpark's type of the same name."""
        return f"{type(self).__name__}()"

    def __getnewargs__(self) -> Any:
        """What a copy is made from."""
        return ()

    def as_snowpark(self) -> types.DataType:
        """Return the same type of Snowpark."""
        from snowflake.snowpark import types

        made: types.DataType = getattr(types, type(self).__name__)()
        return made


class NumericType(DataType):
    """A number."""


class LongType(NumericType):
    """A whole number."""

    spelled = "bigint"


class DoubleType(NumericType):
    """A float."""

    spelled = "double"


class DecimalType(NumericType):
    """An exact decimal.

    Args:
        precision: Digits in all.
        scale: Digits behind the point.
    """

    precision: int
    scale: int

    def __new__(cls, precision: int, scale: int) -> Self:
        """The type, as the text that Snowpark takes for it."""
        made = str.__new__(cls, f"decimal({precision}, {scale})")
        made.precision, made.scale = precision, scale
        return made

    def __repr__(self) -> str:
        """As Snowpark's type of the same name."""
        return f"DecimalType({self.precision}, {self.scale})"

    def __getnewargs__(self) -> Any:
        """What a copy is made from."""
        return self.precision, self.scale

    def as_snowpark(self) -> types.DataType:
        """Return the same type of Snowpark."""
        from snowflake.snowpark import types

        return types.DecimalType(self.precision, self.scale)


class StringType(DataType):
    """Text of any length."""

    spelled = "string"


class BooleanType(DataType):
    """True or false."""

    spelled = "boolean"


class DateType(DataType):
    """A day."""

    spelled = "date"


class VariantType(DataType):
    """A JSON value."""

    spelled = "variant"


class TimestampType(DataType):
    """A time without a zone: UTC by our convention."""

    spelled = "timestamp_ntz"

    def __repr__(self) -> str:
        """As Snowpark's type of the same name."""
        return "TimestampType(timezone=TimestampTimeZone('ntz'))"

    def as_snowpark(self) -> types.DataType:
        """Return the same type of Snowpark."""
        from snowflake.snowpark import types

        return types.TimestampType(types.TimestampTimeZone.NTZ)
