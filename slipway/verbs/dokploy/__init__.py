"""`invoke dokploy.…`."""
