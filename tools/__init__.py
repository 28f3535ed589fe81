"""What the Makefile calls: for the kit's authors, not for its students."""
