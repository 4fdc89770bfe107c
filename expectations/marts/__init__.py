"""Business rules of the marts layer: one file per table, named as the table."""
