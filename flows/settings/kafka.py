"""Settings of the stream of samples: which broker and topic, what is polled, how batches are made."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode

from flows.settings.snowflake import split_names

_NONE = "none"  # an empty variable counts as not set


def _split_or_none(value: Any) -> Any:
    return () if isinstance(value, str) and value.strip().lower() == _NONE else split_names(value)


Games = Annotated[tuple[str, ...], NoDecode, BeforeValidator(partial(split_names, sign=";"))]
NamesOrNone = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_or_none)]


class KafkaSettings(BaseSettings):
    """The part of the settings that producing and consuming samples need."""

    kafka_bootstrap_servers: str | None = Field(
        default=None, description="brokers, host:port with commas; none: the broker of `snowcast sandbox start --kafka`"
    )
    kafka_topic: str = Field(
        default="twitch_stream_samples", description="topic of the samples", pattern=r"^[A-Za-z0-9._-]{1,249}$"
    )
    kafka_security: Literal["plaintext", "sasl_ssl"] = Field(
        default="plaintext", description="plaintext (a local broker) or sasl_ssl (a cloud's cluster)"
    )
    kafka_username: str | None = Field(default=None, description="user or API key, with sasl_ssl")
    kafka_password: SecretStr | None = Field(default=None, description="its password or API secret")
    kafka_group: str = Field(default="snowcast", description="consumer group", pattern=r"^[A-Za-z0-9._-]{1,249}$")
    kafka_session_timeout_ms: int = Field(
        default=6000, description="a consumer that is silent for so long loses its partitions", ge=1000
    )
    kafka_partitions: int = Field(default=3, description="partitions of the topic, where it has to be made", ge=1)
    kafka_batch_messages: int = Field(default=5000, description="load a batch with so many messages", ge=1)
    kafka_batch_seconds: float = Field(default=60, description="load a batch of this age, however small", gt=0)
    kafka_load_mode: Literal["copy", "snowpipe-streaming"] = Field(
        default="copy",
        description="copy (each batch goes to the stage and through COPY) or snowpipe-streaming (an account takes its "
        "rows by Snowflake's streaming client, extra snowpipe-streaming)",
    )
    kafka_message_bytes: int = Field(default=100_000, description="larger messages go to the quarantine", ge=1000)

    stream_games: Games = Field(
        default=("Age of Empires II: Definitive Edition",),
        description="games whose streams are sampled, by name or id, parted by ';'",
    )
    stream_languages: NamesOrNone = Field(default=(), description="only streams in these languages: en,de")
    stream_user_logins: NamesOrNone = Field(default=(), description="only the streams of these logins: first,second")
    stream_interval_seconds: float = Field(default=60, description="seconds between two polls of the samples", gt=0)
    sample_gap_cap_seconds: int = Field(
        default=180, description="samples of a stream further apart count as not watched", ge=1
    )
    stream_build: NamesOrNone = Field(
        default=("+fact_stream_samples", "+fact_stream_sessions", "+mart_concurrent_viewers"),
        description="tables that `stream consume` builds behind each batch, as --select names them: a,b; or none",
    )
