"""The database verbs: migrations, their rehearsal, the schema, the fixtures."""
