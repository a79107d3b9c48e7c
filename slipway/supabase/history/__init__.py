"""The project's recorded migrations as files of ours, and the proof that they give the copy's schema."""
