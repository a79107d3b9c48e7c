"""The reference backend that the stack deploys until the team brings its own."""
