"""Stores and app, proven by use and not by a health flag: a file with a `gate` for each."""
