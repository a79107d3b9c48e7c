"""Stores and app, proven by use."""
