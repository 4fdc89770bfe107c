"""One number of a table, explained: the rows that it came from, down to the landing files and polls of its sources."""
