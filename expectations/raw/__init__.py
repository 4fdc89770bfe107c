"""Business rules of the raw layer: one file per table, named as the table."""
