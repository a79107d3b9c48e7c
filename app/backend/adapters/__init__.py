"""The outside: Postgres, Redis, the object store, and HTTP."""
