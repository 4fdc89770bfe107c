"""What must be true of stored tables, checked by Great Expectations."""
