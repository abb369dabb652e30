"""Data sets on disk, one file per format; each becomes a list of samples."""
