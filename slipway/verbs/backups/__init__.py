"""`backups.*`: look at backups, prove them, keep few of them."""
