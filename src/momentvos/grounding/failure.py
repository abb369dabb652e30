"""What can go wrong with a language model's answer."""

from momentvos.errors import MomentVOSError


class AnswerError(MomentVOSError):
    """A language model answered something else than what it was asked for."""
