"""Rewrites of the tree, each with the statement that it is for."""
