"""Into a Prefect server: what is declared, what is there, the plan between them, its application, and the worker."""
