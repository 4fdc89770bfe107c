"""Business rules of the staging layer: one file per table, named as the table."""
