"""What the activities of a viewer amount to, once each: one activity per file."""
