"""Tables of the raw layer, one file each."""
