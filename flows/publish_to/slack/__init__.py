"""Alerts out to a channel of Slack, each once."""
