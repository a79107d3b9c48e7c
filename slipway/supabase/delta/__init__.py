"""What changed in the project since its copy was made, brought into the copy in one transaction."""
