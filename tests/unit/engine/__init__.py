"""Reading, comparing and writing any table."""
