"""Samples of live streams through a Kafka topic: who produces them, who consumes them."""
