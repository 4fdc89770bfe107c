"""The commands of `snowcast`, a file per family."""
