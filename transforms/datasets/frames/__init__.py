"""A planned question as one Snowpark frame."""
