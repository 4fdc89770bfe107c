"""Where each column comes from: told by the statements that the tables' builds make, without a warehouse."""
