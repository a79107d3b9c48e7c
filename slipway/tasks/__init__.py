"""The tasks that people type, by collection; tasks.py at the top has those without one."""
