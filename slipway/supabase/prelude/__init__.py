"""The platform's own parts as a migration that any database can have, before those of a team."""
