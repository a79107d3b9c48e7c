"""The secrets of the project's vault, which become settings of the app."""
