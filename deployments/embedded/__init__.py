"""The embedded warehouse: Snowflake's protocol on 127.0.0.1, answered by DuckDB, for work without an account.

Importing this package costs nothing; the server and its libraries live in a background process of their own.
"""

from deployments.embedded.process.endpoint import Endpoint
from deployments.embedded.process.lifecycle import EmbeddedError, ensure_running, find, open_storage, stop

__all__ = ["EmbeddedError", "Endpoint", "ensure_running", "find", "open_storage", "stop"]
