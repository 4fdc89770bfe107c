"""What the warehouse keeps beside the databases: in which tables, and by which statements."""
