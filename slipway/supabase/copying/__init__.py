"""The project's database as a copy of this stack's: dumped at one moment, restored beside the live one, proven."""
