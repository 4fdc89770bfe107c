"""Landing files onto the stage and into RAW."""
