"""Words of a sentence, as a language model reads them."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from momentvos.systems.tracks import answers, questions
from momentvos.systems.tracks.asking import Chat, Interview
from momentvos.systems.tracks.local_chat import LocalChat
from momentvos.systems.tracks.trace import Trace
from momentvos.systems.tracks.words import RuleReader, Words


@dataclass
class ChatReader:
    """See `WordReader`; where the model gives no answer that can be read the rules read."""

    chat: Chat
    trace: Trace = field(default_factory=lambda: Trace(None))
    notes: tuple[str, ...] = ()

    def open(self, trace: Trace, device: torch.device) -> ChatReader:
        """See `WordReader`."""
        if isinstance(self.chat, LocalChat):
            self.chat.place(device)
        return ChatReader(self.chat, trace)

    def __call__(self, sentence: str) -> Words:
        """See `WordReader`."""
        interview = Interview(self.chat, self.trace)
        said = interview.ask([questions.words(sentence)], answers.word_lists)
        self.notes = tuple(interview.notes)
        if said is None:
            return RuleReader()(sentence)
        noun, wide, subject = (said[key].strip().lower() for key in ("noun", "hypernym", "subject"))
        others = tuple(one.strip().lower() for one in said["references"])
        return Words(noun, wide, subject or noun, others)
