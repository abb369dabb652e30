import inspect

import pytest

from momentvos import errors


def test_every_error_is_caught_by_the_base_and_explains_itself():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(kinds) > 5
    for kind in kinds:
        assert issubclass(kind, errors.MomentVOSError) and kind.__doc__


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb.mp4", r"a\nb.mp4"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("gpj.\u202emp4", r"gpj.\u202emp4"),
        ("a\u2028b", r"a\u2028b"),
        ("犬 \N{DOG FACE}…\N{NO-BREAK SPACE}é", "犬 \N{DOG FACE}…\N{NO-BREAK SPACE}é"),
        ("\udcff", "\udcff"),  # a byte of a name, which the stream escapes
    ],
)
def test_names_in_a_sentence_are_one_line_without_commands_for_the_terminal(name, shown):
    assert str(errors.VideoError(f"'{name}' is no video.")) == f"'{shown}' is no video."
    assert str(errors.MomentError(f"'{name}'.")) == f"'{shown}'."
