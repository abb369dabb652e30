"""Text processing: tokens, verbs, nouns, numbers, and RoBERTa layer by layer."""

from momentvos.text.encode import Tokens, encode, normalise
from momentvos.text.layerwise import embed, layers
from momentvos.text.nouns import Nouns, nouns
from momentvos.text.number import ANY, Number, number
from momentvos.text.tagger import Tagger, VerbTagger, tagger
from momentvos.text.tokenizer import train_tokenizer

__all__ = [
    "ANY",
    "Nouns",
    "Number",
    "Tagger",
    "Tokens",
    "VerbTagger",
    "embed",
    "encode",
    "layers",
    "normalise",
    "nouns",
    "number",
    "tagger",
    "train_tokenizer",
]
