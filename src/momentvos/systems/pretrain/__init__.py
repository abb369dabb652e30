"""Training from scratch, shared by several systems. Not part of the papers."""
