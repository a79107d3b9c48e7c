"""Copies of backups in a store elsewhere: complete or not listed, encrypted before they leave where that is asked."""
