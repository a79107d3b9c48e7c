"""Migrations of other tools: their files read by their own rules, and their history taken over."""
