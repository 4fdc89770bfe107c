"""How values travel: bindings in, Arrow and types out."""
