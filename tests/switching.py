"""Fields of a model's configuration, set for one test."""

from contextlib import contextmanager


@contextmanager
def switching(model):
    """A function that sets fields of the configuration and returns the model; undone at the end."""
    before = dict(model.config.__dict__)

    def switch(**values):
        for name, value in values.items():
            setattr(model.config, name, value)
        return model

    yield switch
    model.config.__dict__.clear()
    model.config.__dict__.update(before)
