"""HTTP: routes, what they take and answer, and problems as JSON."""
