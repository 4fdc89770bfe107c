"""The documentation site: generated pages beside the hand-written ones, built strictly; README.md here says how."""
