"""What a rule is, and the ready-made ones."""
