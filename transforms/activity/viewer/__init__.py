"""What viewers and customers do, read from facts: one activity per file."""
