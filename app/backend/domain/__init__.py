"""What the service is about, in plain Python: no framework, no driver, no input or output."""
