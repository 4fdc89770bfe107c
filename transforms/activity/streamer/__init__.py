"""What streamers do, read from facts and histories: one activity per file."""
