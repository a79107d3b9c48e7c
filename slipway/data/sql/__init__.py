"""SQL files of any size: read, split, checked, executed."""
