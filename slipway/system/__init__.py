"""This machine: processes, HTTP, git, the disk, waiting, what never prints."""
