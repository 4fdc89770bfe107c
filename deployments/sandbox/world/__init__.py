"""The simulated platform: people, games, broadcasts, audiences."""
