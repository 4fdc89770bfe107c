"""Business rules of the history layer: one file per table. What every history promises is in history_rules.py."""
