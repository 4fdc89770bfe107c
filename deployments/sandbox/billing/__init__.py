"""The simulated billing system and its files."""
