"""Backups and restores from outside: their steps, their words, the door closed meanwhile."""
