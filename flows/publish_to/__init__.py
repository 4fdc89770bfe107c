"""What leaves the warehouse: one module per destination."""
