"""Files as a source: one mechanism for all that is delivered."""
