"""What should run, and what it is told. Pure: Settings in; a stack, texts and images out."""
