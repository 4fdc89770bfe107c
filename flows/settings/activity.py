"""Settings of the activity streams: who is who, what a point is worth, and when a lifecycle rule holds."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

if TYPE_CHECKING:
    from transforms.activity.definitions.activity import Thresholds

# Groups of names, written with commas, and semicolons between the groups.
Groups = Annotated[tuple[tuple[str, ...], ...], NoDecode]


class ActivitySettings(BaseSettings):
    """The part of the settings that the activity streams are built with."""

    identity_url: SecretStr | None = Field(
        default=None,
        description="folder of identity links as CSV files, or its URL: s3://bucket/path, abfs://...; none: no links",
    )
    shared_id_spaces: Groups = Field(
        default=(), description="platforms whose ids name the same people: billing,amplitude;twitch,other"
    )
    point_value: Decimal | None = Field(
        default=None,
        description="money that a point of a gift is worth; none: gifts are no money",
        gt=0,
        max_digits=18,
        decimal_places=6,
    )
    first_stream_minutes: int = Field(default=10, description="first_stream_completed: shortest broadcast", ge=0)
    activation_viewers: int = Field(default=50, description="streamer_activated: unique viewers of a broadcast", ge=1)
    popular_viewers: int = Field(default=500, description="popular_streamer: most viewers at one time", ge=1)
    popular_gifts: int = Field(default=200, description="popular_streamer: gifts received so far", ge=1)
    popular_followers: int = Field(default=150, description="popular_streamer: followers won in a broadcast", ge=1)
    super_fan_gifts: int = Field(default=5, description="super_fan: gifts to one streamer", ge=1)

    @field_validator("shared_id_spaces", mode="before")
    @classmethod
    def _split_groups(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        groups = [tuple(part.strip() for part in group.split(",") if part.strip()) for group in value.split(";")]
        return tuple(group for group in groups if group)

    @field_validator("shared_id_spaces")
    @classmethod
    def _check_groups(cls, value: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        names = [name for group in value for name in group]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"names {', '.join(repeated)} twice: a platform is in one space")
        if any(len(group) == 1 for group in value):
            raise ValueError("a space has at least two platforms, written with commas")
        return value

    @property
    def thresholds(self) -> Thresholds:
        """The numbers of the lifecycle rules."""
        from transforms.activity.definitions.activity import Thresholds

        return Thresholds(**{field.name: getattr(self, field.name) for field in fields(Thresholds)})
