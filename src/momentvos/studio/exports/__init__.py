"""Files made of a snapshot of a project."""
