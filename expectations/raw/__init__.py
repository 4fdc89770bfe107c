"""Business rules of the raw layer, beside those of every raw table: one file per table that has some."""
