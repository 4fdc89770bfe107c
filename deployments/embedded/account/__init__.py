"""Roles, users, virtual warehouses, resource monitors and grants of an account: kept and told, not enforced."""
