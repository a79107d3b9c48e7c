"""The schema of a project without recorded migrations, as one file per kind of object."""
