"""The stores as processes of this machine, a file for each with its RECIPE."""
