"""``momentvos account``: accounts of a server that does not run."""

import json
import shutil

import pytest
from typer.testing import CliRunner

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

PASSWORD = "correct horse battery\n"


def account(*words, **how):
    """Call the verb."""
    from momentvos.cli.main import app

    return CliRunner().invoke(app, ["account", *words], **how)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder in which there are an admin and a reader."""
    folder = tmp_path_factory.mktemp("filled")
    data = str(folder / "momentvos-server")
    for name, role in (("ann", "admin"), ("bob", "reader")):
        made = account("add", name, "--role", role, "--data", data, input=PASSWORD)
        assert made.exit_code == 0, made.stderr
    return folder


@pytest.fixture(autouse=True)
def empty(monkeypatch, tmp_path):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def there(filled, tmp_path):
    """The folder to work in, with a copy of both."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)


def listed(*words):
    rows = json.loads(account("list", "--json", *words).stdout)
    return {row["name"]: row["role"] for row in rows}


def test_accounts_are_made_listed_changed_and_removed(there, tmp_path):
    assert listed() == {"ann": "admin", "bob": "reader"}
    assert "bob  reader" in account("list").stdout
    assert account("role", "bob", "reviewer").exit_code == 0
    assert listed() == {"ann": "admin", "bob": "reviewer"}
    result = account("password", "bob", input="another password\n")
    assert (result.exit_code, "logged out" in result.stderr) == (0, True)
    assert "last one" not in account("remove", "bob").stderr
    assert "last one" in account("remove", "ann").stderr
    assert "no accounts" in account("list").stderr
    refused = account("add", "bob", input=PASSWORD)
    assert (refused.exit_code, "account add bob --again" in refused.stderr) == (2, True)
    assert account("add", "bob", "--again", input=PASSWORD).exit_code == 0
    assert listed() == {"bob": "annotator"}
    assert (tmp_path / "momentvos-server").stat().st_mode & 0o777 == 0o700


def test_a_server_of_that_folder_knows_them(there, tmp_path):
    from momentvos.server.accounts import Accounts
    from momentvos.server.database import Database

    database = Database(f"sqlite:///{tmp_path / 'momentvos-server' / 'server.sqlite3'}")
    user = Accounts(database).checked("ann", PASSWORD.strip())
    assert (user.name, user.role) == ("ann", "admin")
    assert Accounts(database).checked("ann", "another password") is None
    kind, _, costs = Accounts(database).all()[0].hash.split("$")[1:4]
    memory, times, _ = (int(one.partition("=")[2]) for one in costs.split(","))
    assert (kind, memory >= 65536, times >= 3) == ("argon2id", True, True)  # RFC 9106
    database.close()


def test_an_account_annotates_by_default():
    account("add", "ann", input=PASSWORD)
    assert listed() == {"ann": "annotator"}


def test_the_folder_and_the_database_can_be_named(tmp_path):
    assert account("add", "ann", "--data", "deep/er", input=PASSWORD).exit_code == 0
    assert listed("--data", "deep/er") == {"ann": "annotator"}
    url = f"sqlite:///{tmp_path / 'a.sqlite3'}"
    assert account("add", "bob", "--database", url, input=PASSWORD).exit_code == 0
    assert listed("--database", url) == {"bob": "annotator"}


@pytest.mark.parametrize(
    ("words", "password", "says"),
    [
        (["add", "ann"], PASSWORD, "There is an account 'ann' already"),
        (["add", "a b"], PASSWORD, "cannot be the name"),
        (["add", "new"], "short\n", "8 to 1,000 characters"),
        (["add", "new"], "", "8 to 1,000 characters"),
        (["add", "new", "--role", "king"], PASSWORD, "'king'"),
        (["password", "nobody"], PASSWORD, "There is no account 'nobody'"),
        (["password", "ann"], "short\n", "8 to 1,000 characters"),
        (["role", "nobody", "admin"], "", "There is no account 'nobody'"),
        (["remove", "nobody"], "", "There is no account 'nobody'"),
        (["list", "--data", "nowhere"], "", "There is no server's folder 'nowhere'"),
        (["list", "--database", "mysql://a@b/c"], "", "mysql"),
    ],
)
def test_what_cannot_be_is_one_sentence(there, words, password, says):
    result = account(*words, input=password)
    assert result.exit_code == 2
    assert says in result.stderr
    assert listed() == {"ann": "admin", "bob": "reader"}


def test_a_terminal_is_asked_twice(monkeypatch):
    from momentvos.cli import account as verb

    class Terminal:
        def isatty(self):
            return True

    monkeypatch.setattr(verb.sys, "stdin", Terminal())
    asked = []
    monkeypatch.setattr(
        verb.typer, "prompt", lambda text, **how: asked.append(how) or PASSWORD.strip()
    )
    assert verb._password() == PASSWORD.strip()
    assert asked == [{"hide_input": True, "confirmation_prompt": True}]


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch):
    from momentvos.server import serve

    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    result = account("add", "ann", input=PASSWORD)
    assert result.exit_code == 2
    assert "pip install 'momentvos[web]'" in result.stderr
