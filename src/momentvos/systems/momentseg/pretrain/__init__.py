"""Training from scratch. Not part of the paper."""
