"""The other way: an app of one's own on the project's database, as a role that may no more than its users may."""
