"""Slipway: from a laptop to one's own server, with Postgres, Redis and an S3 store, and nothing lost on the way."""

__version__ = "1.0"
