"""Background processes of a home: the Prefect server, the sandbox, the resident."""
