"""The pages: each asks what it is filtered by, and draws what queries give."""
