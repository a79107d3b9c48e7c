"""Postgres: the pool, transactions that act as a caller, and the stores that the use cases ask for."""
