"""Migrations tried on a copy of the live data."""
