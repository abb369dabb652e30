"""Places that public weights come from, one module each."""
