"""`supabase.…`: leaving Supabase."""
