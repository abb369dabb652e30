"""Conversion of official checkpoints to folders of ours, without running code in them."""

from momentvos.convert.match import Converted
from momentvos.convert.sam2 import convert_sam2
from momentvos.convert.samwise import convert_samwise

__all__ = ["Converted", "convert_sam2", "convert_samwise"]
