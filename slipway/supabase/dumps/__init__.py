"""A project that is gone: a directory of its dumps, made into a server of its own while somebody works on it."""
