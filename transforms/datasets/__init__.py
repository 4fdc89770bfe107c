"""Questions about the activity streams, as a small compiler: syntax/, analysis/, frames/; kept by materialize.py."""
