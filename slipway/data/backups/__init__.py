"""Backups: one directory each, complete or not there at all, proven by a restore, kept by rules."""
