"""The sandbox's process: server, control, settings, find, start and stop."""
