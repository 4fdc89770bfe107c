"""The simulated Helix API, and files of its polls."""
