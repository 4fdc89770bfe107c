"""How any table is read, compared and written."""
