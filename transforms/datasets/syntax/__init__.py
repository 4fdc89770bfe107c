"""What a question is and how it is written, as Python or as text."""
