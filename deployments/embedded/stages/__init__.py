"""Stages: PUT, GET, LIST, and the files that COPY and SELECT read."""
