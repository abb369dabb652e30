"""Words of a sentence, as a language model reads them."""

from __future__ import annotations

import torch

from momentvos.systems.tracks import answers, questions
from momentvos.systems.tracks.asking import Chat, Interview
from momentvos.systems.tracks.local_chat import LocalChat
from momentvos.systems.tracks.trace import Trace
from momentvos.systems.tracks.words import RuleReader, Words


class ChatReader:
    """See `WordReader`; where the model gives no answer that can be read the rules read."""

    def __init__(self, chat: Chat, trace: Trace | None = None) -> None:
        self.chat = chat
        self._interview = Interview(chat, trace or Trace(None))

    @property
    def notes(self) -> tuple[str, ...]:
        """See `WordReader`."""
        return tuple(self._interview.notes)

    def open(self, trace: Trace, device: torch.device) -> ChatReader:
        """See `WordReader`."""
        if isinstance(self.chat, LocalChat):
            self.chat.place(device)
        return ChatReader(self.chat, trace)

    def __call__(self, sentence: str) -> Words:
        """See `WordReader`."""
        self._interview.begin()
        said = self._interview.ask([questions.words(sentence)], answers.word_lists)
        if said is None:
            return RuleReader()(sentence)
        noun, wide, subject = (said[key].strip().lower() for key in ("noun", "hypernym", "subject"))
        others = tuple(one.strip().lower() for one in said["references"])
        return Words(noun, wide, subject or noun, others)
