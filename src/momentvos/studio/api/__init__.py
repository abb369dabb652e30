"""Routes of the studio, one noun a file."""
