"""Leaving Supabase: what a project has, its copy on this stack, and the proof that nothing was lost.

Works on endpoints alone, as the data side does, and reads of a project only: nothing here writes to one.
"""
