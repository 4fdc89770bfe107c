"""What a person reads: tables and pages of the terminal."""
