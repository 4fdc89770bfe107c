"""How rules run: on the warehouse by SQL, and as suites of Great Expectations."""
