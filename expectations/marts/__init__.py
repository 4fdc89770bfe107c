"""Business rules of the marts layer: one file per table. What the layer shares is in expectations/rules."""
