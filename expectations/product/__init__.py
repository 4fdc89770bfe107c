"""Business rules of the tables of product events: one file per table, named as the table."""
