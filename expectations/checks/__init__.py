"""What is checked when: tables, sources, deliveries, publications, accounts of loads."""
