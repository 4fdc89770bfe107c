"""The activities as declarations, and the rows that they give."""
