"""What a question means: names and types checked, columns planned, no warehouse asked."""
