"""Restoring: a backup into a database beside the live one, proven, then swapped in one moment; and drills of it."""
