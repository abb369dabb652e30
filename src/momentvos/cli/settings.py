"""Defaults of options from the user's settings file, `momentvos.home.settings_file`.

At its top stand options that mean the same in every verb (`SHARED`), in a table those of one verb:

    model = "tracks-cpu"
    threads = 4

    [run]
    sample-rate = 10

    [eval.world]
    videos = 50

What is on the command line counts before the environment, that before the file, and the file
before the program's own default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from momentvos import home
from momentvos.errors import SettingsError
from momentvos.regular_file import read_text
from momentvos.suggestion import did_you_mean

SHARED = (
    "model",
    "grounder",
    "device",
    "threads",
    "resolution",
    "dtype",
    "compile",
    "quiet",
    "yes",
    "no-selection",
    "allow-url",
    "allow-private-url",
    "input-limit",
)
HOME = "home"
"""Key of the folder that `MOMENTVOS_HOME` names too."""
DEBUG = "debug"
LARGEST = 1 << 20


@dataclass(frozen=True)
class Settings:
    """What a settings file says.

    Attributes:
        path: the file, which need not be there.
        shared: by option's name, values for every verb.
        verbs: by the words of a verb, such as ("eval", "world"), values for it by option's name.
    """

    path: Path
    shared: Mapping[str, Any] = field(default_factory=dict)
    verbs: Mapping[tuple[str, ...], Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Any) -> Settings:
        """The user's file, checked against the verbs below `root`, the whole program.

        Raises SettingsError that names the file and the key.
        """
        path = home.settings_file()
        if not path.exists():
            if os.environ.get(home.SETTINGS_VARIABLE):
                raise SettingsError(
                    f"There is no file '{path}', which {home.SETTINGS_VARIABLE} names."
                )
            return cls(path)
        import tomllib

        try:
            values = tomllib.loads(read_text(path, LARGEST))
        except (OSError, ValueError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SettingsError(f"The settings '{path}' cannot be read: {reason}.") from None
        shared = {key: value for key, value in values.items() if not isinstance(value, dict)}
        verbs = dict(_tables(values, ()))
        made = cls(path, shared, verbs)
        made._check(root)
        return made

    def defaults(self, root: Any, words: tuple[str, ...] = ()) -> dict[str, Any]:
        """Values by verb and parameter, as the context of the verb at `words` takes them."""
        if hasattr(root, "commands"):
            below = root.commands.items()
            return {name: self.defaults(verb, (*words, name)) for name, verb in below}
        options, own = _options(root), self.verbs.get(words, {})
        given = {key: value for key, value in self.shared.items() if key in options} | dict(own)
        return {options[key].name: value for key, value in given.items()}

    def _check(self, root: Any) -> None:
        known = _verbs(root)
        for key, value in self.shared.items():
            if key not in (*SHARED, HOME, DEBUG):
                raise SettingsError(self._unknown(key, key, known))
            if key in (HOME, DEBUG):
                if not isinstance(value, str if key == HOME else bool):
                    raise SettingsError(self._wrong(key, "a text" if key == HOME else "a boolean"))
                continue
            self._check_value(shared_options(root)[key], key, value)
        for words, values in self.verbs.items():
            name = ".".join(words)
            if words not in known:
                names = [".".join(one) for one in known]
                raise SettingsError(
                    f"The settings '{self.path}': there is no verb [{name}]"
                    f"{did_you_mean(name, names)}"
                )
            for key, value in values.items():
                options = _options(known[words])
                if key not in options:
                    raise SettingsError(
                        f"The settings '{self.path}': [{name}] has no option '{key}'"
                        f"{did_you_mean(key, options)}"
                    )
                self._check_value(options[key], f"{name}.{key}", value)

    def _check_value(self, option: Any, key: str, value: Any) -> None:
        """Refuse what cannot be meant; the rest is read as from the command line, by its verb."""
        several = bool(getattr(option, "multiple", False))
        if isinstance(value, list) != several:
            raise SettingsError(self._wrong(key, "a list of texts" if several else "one value"))
        flag = bool(getattr(option, "is_flag", False))
        if isinstance(value, bool) != flag:
            raise SettingsError(self._wrong(key, "true or false" if flag else "no boolean"))

    def _wrong(self, key: str, wanted: str) -> str:
        return f"The settings '{self.path}': '{key}' must be {wanted}."

    def _unknown(self, key: str, shown: str, known: Mapping[tuple[str, ...], Any]) -> str:
        holders = [".".join(words) for words, verb in known.items() if key in _options(verb)]
        if holders:
            return (
                f"The settings '{self.path}': '{key}' is an option of some verbs only; put it "
                f"below [{holders[0]}]."
            )
        return (
            f"The settings '{self.path}': there is no option '{shown}'"
            f"{did_you_mean(key, (*SHARED, HOME, DEBUG))}"
        )


def _tables(values: Mapping[str, Any], words: tuple[str, ...]) -> Any:
    own = {key: value for key, value in values.items() if not isinstance(value, dict)}
    if words and own:
        yield words, own
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _tables(value, (*words, key))


def _verbs(root: Any, words: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not hasattr(root, "commands"):
        return {words: root}
    made: dict[Any, Any] = {}
    for name, verb in root.commands.items():
        made |= _verbs(verb, (*words, name))
    return made


def _options(verb: Any) -> dict[str, Any]:
    """Options of a verb by their long name without dashes."""
    made: dict[Any, Any] = {}
    for param in verb.params:
        if getattr(param, "param_type_name", "") == "option" and not param.hidden:
            made[max(param.opts, key=len).lstrip("-")] = param
    return made


def shared_options(root: Any) -> dict[str, Any]:
    """The options of `SHARED`, each as the first verb below `root` that has it does."""
    every = [_options(verb) for verb in _verbs(root).values()]
    return {key: next(one[key] for one in every if key in one) for key in SHARED}


def apply(settings: Settings) -> None:
    """Set what is no verb's option."""
    folder = home_of(settings)
    if folder is not None:
        os.environ.setdefault(home.VARIABLE, folder)


def home_of(settings: Settings) -> str | None:
    """The folder that a settings file keeps models in, or None."""
    folder = settings.shared.get(HOME)
    return None if folder is None else str(Path(folder).expanduser())


def source_of(error: Any) -> str | None:
    """The settings file where a value of it is refused by a verb, else None."""
    param, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if param is None or context is None:
        return None
    source = getattr(context.get_parameter_source(param.name), "name", "")
    return f"the settings '{home.settings_file()}'" if source == "DEFAULT_MAP" else None
