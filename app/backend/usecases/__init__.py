"""What callers can have done, each in one transaction; what they need of the outside is a protocol in `ports`."""
