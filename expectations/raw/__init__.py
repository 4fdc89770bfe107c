"""Business rules of the raw layer: one file per table. What the layer shares is in expectations/rules."""
