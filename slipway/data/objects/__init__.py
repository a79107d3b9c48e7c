"""One S3 store: its client, buckets, and what it can really do."""
