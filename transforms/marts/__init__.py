"""Tables of the marts layer, one file each."""
