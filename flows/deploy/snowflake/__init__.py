"""Into a Snowflake account: what the scripts declare, what is there, the plan between them, and its application."""
