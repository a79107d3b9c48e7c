"""`pitr.*`: any moment back."""
