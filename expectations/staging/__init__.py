"""Business rules of the staging layer: one file per table. What the layer shares is in expectations/rules."""
