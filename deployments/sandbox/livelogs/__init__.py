"""The simulated Google Sheet of live logs and gifts."""
