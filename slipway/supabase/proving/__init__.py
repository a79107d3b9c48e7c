"""The proof that nothing was lost: the project and its copy side by side, and every difference by its name."""
