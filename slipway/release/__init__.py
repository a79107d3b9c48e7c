"""The core of a deploy: what differs, the steps that bring it, the record, and the way back."""
