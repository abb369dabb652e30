"""Pickles of unknown origin: their opcodes are checked before an unpickler sees them."""
