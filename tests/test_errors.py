import inspect

from momentvos import errors


def test_every_error_is_caught_by_the_base_and_explains_itself():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(kinds) > 5
    for kind in kinds:
        assert issubclass(kind, errors.MomentVOSError) and kind.__doc__
