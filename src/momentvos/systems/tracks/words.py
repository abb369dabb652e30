"""Words of a sentence: what to detect, and what the target is told apart from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

from momentvos.systems.tracks.trace import Trace
from momentvos.text import lexicon, nouns
from momentvos.text.rules import plural, verb_forms

ANYTHING = "object"
"""What is detected where the sentence has no noun."""


@dataclass(frozen=True)
class Words:
    """Words of one sentence, in lower case.

    Attributes:
        noun: the head noun in the singular, without adjectives.
        hypernym: a wider class, "" where none is known.
        subject: the noun with its adjectives.
        references: other nouns of the sentence, which are not the target.
    """

    noun: str
    hypernym: str = ""
    subject: str = ""
    references: tuple[str, ...] = ()

    @property
    def attempts(self) -> tuple[str, ...]:
        """What to detect; each is tried where those before it are nowhere."""
        return tuple(dict.fromkeys(one for one in (self.noun, self.hypernym, ANYTHING) if one))

    @property
    def adjectives(self) -> tuple[str, ...]:
        """Words before the noun that say how it looks."""
        return tuple(word for word in self.subject.split()[:-1] if word not in POSITIONS)


class WordReader(Protocol):
    """Reads sentences. notes: of the sentence read last, for the user."""

    @property
    def notes(self) -> tuple[str, ...]: ...

    def open(self, trace: Trace, device: torch.device) -> WordReader:
        """The reader for one video. Raises ModelError where its weights cannot be had."""

    def __call__(self, sentence: str) -> Words: ...


@dataclass(frozen=True)
class RuleReader:
    """Words by the rules of :mod:`momentvos.text`."""

    notes: tuple[str, ...] = ()

    def open(self, trace: Trace, device: torch.device) -> RuleReader:
        """See `WordReader`."""
        return self

    def __call__(self, sentence: str) -> Words:
        """See `WordReader`."""
        found = nouns(sentence.lower())
        subject = " ".join(found.subject.split())
        noun = subject.split()[-1].strip(".,;!?\"'") if subject else ""
        verbs = {sentence.lower()[start:stop] for start, stop in verb_forms(sentence.lower())}
        if not noun.replace("-", "").isalpha() or noun in VAGUE or noun in verbs:
            noun = ANYTHING
        noun = singular(noun)
        hypernym = next((wide for wide, narrow in HYPERNYMS.items() if noun in narrow), "")
        others = () if found.other is None else (singular(found.other.split()[-1]),)
        return Words(noun, hypernym, subject, others)


def singular(noun: str) -> str:
    """The singular of a noun, where the rules know it."""
    if noun in IRREGULAR:
        return IRREGULAR[noun]
    if noun in lexicon.EITHER_NUMBER or not plural(noun) or noun in lexicon.PLURALS:
        return noun
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("ches", "shes", "sses", "xes", "zes")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") else noun


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


POSITIONS = _words(
    "left right leftmost rightmost top bottom front back first second third last upper lower "
    "middle central other same main nearest closest farthest"
)
"""Adjectives of place and order, which a picture of the object alone does not show."""
VAGUE = _words(
    "it that this these those they them one ones thing things something anything everything "
    "everyone someone who which what whatever whoever he she him her object objects target"
)
IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "geese": "goose",
    "mice": "mouse", "feet": "foot", "teeth": "tooth", "oxen": "ox", "wolves": "wolf",
    "calves": "calf", "knives": "knife", "leaves": "leaf", "loaves": "loaf", "buses": "bus",
    "birds": "bird", "cattle": "cow", "cacti": "cactus", "dice": "die", "shelves": "shelf",
}  # fmt: skip
HYPERNYMS = {
    "person": _words(
        "man woman boy girl child kid baby lady guy player skater skier surfer rider dancer "
        "worker "
        "driver cyclist runner swimmer athlete boxer chef cook singer referee goalkeeper toddler "
        "pedestrian skateboarder snowboarder gentleman teenager adult"
    ),
    "animal": _words(
        "dog cat puppy kitten horse cow sheep goat pig lion tiger bear panda elephant giraffe "
        "zebra "
        "monkey ape gorilla deer rabbit hamster mouse rat squirrel fox wolf leopard cheetah camel "
        "kangaroo turtle tortoise lizard snake frog crocodile fish shark whale dolphin seal calf "
        "lamb foal donkey ox buffalo antelope raccoon hedgehog otter crab"
    ),
    "bird": _words(
        "duck goose swan chicken hen rooster parrot eagle owl hawk pigeon crow penguin ostrich "
        "peacock flamingo gull seagull sparrow turkey duckling gosling"
    ),
    "vehicle": _words(
        "car truck bus van taxi motorcycle motorbike bicycle bike scooter tractor train tram boat "
        "ship airplane plane aircraft helicopter lorry suv jeep sedan ambulance"
    ),
}
"""Wider classes, tried where the detector knows nothing of the narrow one."""
