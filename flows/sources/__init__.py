"""One file or folder per source: what is asked or read, and when."""
