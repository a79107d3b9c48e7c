"""What Dokploy makes of a compose file and its `.env`, read in its source and seen on a server (0.30.2); and blueprints for it."""
