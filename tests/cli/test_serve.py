"""``momentvos serve`` up to where it would listen; what it answers is tests/server."""

import pytest

from momentvos.server import serve as serving


@pytest.fixture
def served(cli, monkeypatch):
    """Settings that the verb would serve: served("--host", ...) -> (result, settings)."""
    given = []
    monkeypatch.setattr(serving, "check_installed", lambda: None)

    def serve(settings, announce, rooms):
        assert [room.__module__ for room in rooms] == ["momentvos.studio.attach"]
        given.append(settings)

    monkeypatch.setattr(serving, "serve", serve)

    def call(*words):
        result = cli("serve", *words)
        return result, given[-1] if given else None

    return call


def test_this_machine_alone_by_default(served):
    result, settings = served()
    assert result.exit_code == 0
    assert (settings.host, settings.token) == ("127.0.0.1", None)
    assert settings.models == ("tgl-mini",)
    assert settings.data.name == "momentvos-server"


def test_several_models_and_devices(served):
    _, settings = served("--model", "tgl-mini, momentseg-mini,tgl-mini", "--device", "cpu,cuda:1")
    assert settings.models == ("tgl-mini", "momentseg-mini")
    assert settings.devices == ("cpu", "cuda:1")


def test_limits_in_words(served):
    _, settings = served("--max-upload", "5MB", "--keep", 0.5, "--time-limit", 9)
    limits = settings.limits
    assert (limits.video_bytes, limits.ttl, limits.job_seconds) == (5_000_000, 1800.0, 9.0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--token-file", "missing"], "'missing' cannot be read"),
        (["--model", "no-such-model"], "no-such-model"),
        (["--device", "toaster"], "toaster"),
        (["--max-upload", "much"], "no size"),
        (["--grounder", "nobody"], "nobody"),
        (["--library", "nowhere"], "There is no folder"),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_starts(served, words, says):
    result, settings = served(*words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert settings is None


def test_another_host_needs_a_login(cli):
    pytest.importorskip("fastapi", reason="the extra `web` is not installed")
    result = cli("serve", "--host", "0.0.0.0", "--port", 0)
    assert result.exit_code == 2
    assert "an account or a token is needed" in result.stderr


def test_a_cookie_may_be_for_https_alone(served):
    assert not served()[1].secure_cookie
    assert served("--secure-cookie")[1].secure_cookie


def test_a_token_is_read_from_a_file(served, tmp_path):
    (tmp_path / "token").write_text("0123456789abcdef\n")
    result, settings = served("--host", "0.0.0.0", "--token-file", "token")
    assert (result.exit_code, settings.token) == (0, "0123456789abcdef")
    (tmp_path / "token").write_text("short\n")
    result, _ = served("--token-file", "token")
    assert (result.exit_code, "at least 16" in result.stderr) == (2, True)


def test_without_the_extra_one_sentence_says_what_to_install(cli, monkeypatch):
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    result = cli("serve")
    assert result.exit_code == 2
    assert "pip install 'momentvos[web]'" in result.stderr
