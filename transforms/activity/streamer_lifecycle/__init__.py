"""What the activities of a streamer amount to, once each: one activity per file."""
