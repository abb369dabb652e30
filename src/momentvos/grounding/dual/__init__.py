"""A small dual encoder: cells of frames and sentences as vectors of one space."""
