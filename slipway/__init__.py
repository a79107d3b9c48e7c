"""Slipway: from a laptop to one's own server, with its database and stores, and nothing lost on the way."""

import gc

# Of a command that lives for a second, a sixth was spent on looking for garbage among what it had just imported.
gc.set_threshold(100_000)

__version__ = "1.0"
