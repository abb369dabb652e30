"""What serves training from scratch. Not part of the paper."""
