"""Files of a stage: formats, rows of JSON, CSV and Parquet, and the relations that SELECT and COPY read."""
