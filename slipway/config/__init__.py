"""What the team says: settings, their files, their kinds."""
