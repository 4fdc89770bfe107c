"""Where Snowcast runs: the embedded warehouse, the sandbox, and deployment files."""
