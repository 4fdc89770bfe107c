"""Alerts: what is told, and that it is told once."""
