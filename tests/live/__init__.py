"""Tests against an account; tests/live/README.md says what they need."""
