"""What serves training from scratch in more than one system. Not part of the papers."""
