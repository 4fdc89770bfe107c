"""Tables of the staging layer, one file each."""
