"""Routes of the server, one noun a file."""
