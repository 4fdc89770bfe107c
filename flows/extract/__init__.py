"""One module per source: a client that yields records as the source sent them."""
