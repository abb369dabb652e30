"""Data sets on their way into the studio, one reader a form."""
