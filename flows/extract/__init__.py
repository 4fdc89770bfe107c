"""What sources send: a client per source that is polled, one mechanism for those that come as files."""
