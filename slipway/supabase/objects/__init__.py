"""The project's objects into this stack's store: the bytes of every row of storage.objects, proven by their hashes."""
