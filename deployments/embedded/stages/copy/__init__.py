"""COPY INTO: files of a stage into a table, once each, and a table into files of a stage."""
