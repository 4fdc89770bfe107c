"""The broker: how it is reached, whether its topic is there, and which topic of that name it is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from flows.errors import ConfigError, SourceError
from flows.settings import Settings

if TYPE_CHECKING:
    from confluent_kafka import Consumer
    from confluent_kafka.admin import AdminClient

ANSWER_SECONDS = 10.0
_HASH_LENGTH = 16


def client_settings(settings: Settings) -> dict[str, Any]:
    """Return what every client of the broker needs to know.

    Raises:
        ConfigError: No broker is set and none runs, or sasl_ssl lacks a login.
    """
    from flows.services.broker import find_broker

    servers = settings.kafka_bootstrap_servers
    if not servers and (found := find_broker(settings.home)):
        servers = found.bootstrap_servers
    if not servers:
        raise ConfigError(
            "No Kafka broker is set. Set SNOWCAST_KAFKA_BOOTSTRAP_SERVERS, or start one: snowcast sandbox start --kafka"
        )
    common: dict[str, Any] = {"bootstrap.servers": servers, "client.id": "snowcast", "log_level": 2}
    if settings.kafka_security == "plaintext":
        return common
    if not settings.kafka_username or settings.kafka_password is None:
        raise ConfigError("sasl_ssl needs SNOWCAST_KAFKA_USERNAME and SNOWCAST_KAFKA_PASSWORD.")
    return {
        **common,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": settings.kafka_username,
        "sasl.password": settings.kafka_password.get_secret_value(),
    }


def administrator(settings: Settings) -> AdminClient:
    """Return a client that asks about the broker and its topics.

    Raises:
        ConfigError: The extra `kafka` is not installed, or the configuration lacks something.
    """
    try:
        from confluent_kafka.admin import AdminClient
    except ImportError:
        raise ConfigError("Kafka needs the extra `kafka`: run `make extras`.") from None
    return AdminClient({**client_settings(settings), "socket.timeout.ms": int(ANSWER_SECONDS * 1000)})


def ensure_topic(settings: Settings) -> None:
    """Make the topic where it is missing.

    Raises:
        SourceError: The broker cannot be reached, or refuses.
    """
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.cimpl import NewTopic

    client = administrator(settings)
    try:
        if settings.kafka_topic in client.list_topics(timeout=ANSWER_SECONDS).topics:
            return
        made = client.create_topics([NewTopic(settings.kafka_topic, settings.kafka_partitions, 1)])
        made[settings.kafka_topic].result(ANSWER_SECONDS)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # somebody else was faster
            raise unreachable(settings, error) from None


def incarnation_of(settings: Settings, client: AdminClient, consumer: Consumer) -> str:
    """Name the topic so that one made anew under the same name, or on another cluster, has another name.

    Its own id and its cluster's, where the broker tells them; else a fingerprint of the oldest message of each
    partition (offset and time), which no two topics share unless they are empty.

    Raises:
        SourceError: The broker cannot be reached, or has no such topic.
    """
    from confluent_kafka import KafkaException, TopicCollection

    try:
        described = client.describe_topics(TopicCollection([settings.kafka_topic]))
        topic = described[settings.kafka_topic].result(ANSWER_SECONDS)
        cluster = client.list_topics(settings.kafka_topic, timeout=ANSWER_SECONDS).cluster_id
    except KafkaException as error:
        raise unreachable(settings, error) from None
    own_id = str(topic.topic_id) if topic.topic_id else ""
    if own_id.strip("A=0"):  # an id of zeros is none
        return _digest(cluster, own_id)
    oldest = [_oldest(settings.kafka_topic, partition.id, consumer) for partition in topic.partitions]
    return _digest(cluster, *oldest)


def unreachable(settings: Settings, error: Any) -> SourceError:
    """Put a client's error in words; it never holds a secret, as the login is not part of it."""
    reason = error.args[0].str() if error.args and hasattr(error.args[0], "str") else str(error)
    servers = settings.kafka_bootstrap_servers or "the sandbox's broker"
    return SourceError(f"Kafka at {servers}, topic {settings.kafka_topic}: {reason}")


def _oldest(topic: str, partition: int, consumer: Consumer) -> str:
    from confluent_kafka import TopicPartition

    low, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ANSWER_SECONDS)
    (first,) = consumer.offsets_for_times([TopicPartition(topic, partition, 0)], timeout=ANSWER_SECONDS)
    return f"{partition}:{low}:{first.offset}"


def _digest(*parts: str | None) -> str:
    return hashlib.sha256("\n".join(part or "" for part in parts).encode()).hexdigest()[:_HASH_LENGTH]
