"""Twitch Helix: polls of streams, users and games, and files of such polls."""
