"""Business rules of the activity layer: one file per table. What the layer shares is in expectations/rules."""
