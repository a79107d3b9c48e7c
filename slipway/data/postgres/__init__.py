"""One Postgres server: connections, programs, roles, schema, copies."""
