"""MomentVOS."""
