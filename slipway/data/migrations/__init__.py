"""Migrations: files, history, and the moves between versions."""
