"""Find, start and stop the warehouse of a home; where it keeps its files."""
