import pytest

from momentvos.errors import ArgumentError
from momentvos.server.settings import Limits, Settings, is_loopback

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8", "LOCALHOST"])
def test_this_machine_needs_no_token(tmp_path, host):
    assert is_loopback(host)
    assert Settings(tmp_path, host=host).token is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", "128.0.0.1", ""])
def test_other_machines_need_a_token_or_an_account(tmp_path, host):
    pytest.importorskip("fastapi", reason="the extra `web` is not installed")
    from momentvos.server.service import Service

    with pytest.raises(ArgumentError, match="an account or a token is needed"):
        Service(Settings(tmp_path, host=host))
    assert Settings(tmp_path, host=host, token=TOKEN).token == TOKEN


@pytest.mark.parametrize("token", ["", "short", "a" * 15, "with\nlines in it, so what", "é" * 20])
def test_a_weak_token_is_refused(tmp_path, token):
    with pytest.raises(ArgumentError, match="at least 16"):
        Settings(tmp_path, token=token)


def test_a_token_is_in_no_text_of_the_settings(tmp_path):
    made = Settings(tmp_path, token=TOKEN, database="postgresql://me:secret@host/name")
    assert TOKEN not in repr(made)
    assert "secret" not in repr(made)


def test_names_by_which_it_may_be_called(tmp_path):
    assert Settings(tmp_path).allowed_hosts == {"localhost", "127.0.0.1", "::1"}
    made = Settings(tmp_path, host="0.0.0.0", token=TOKEN, hosts=("Video.Example.org",))
    assert made.allowed_hosts == {"localhost", "127.0.0.1", "::1", "video.example.org"}
    only = Settings(tmp_path, host="10.0.0.7", token=TOKEN)
    assert only.allowed_hosts == {"10.0.0.7"}


@pytest.mark.parametrize(
    "limits", [{"queue": 0}, {"video_bytes": 1}, {"ttl": 0.0}, {"pixels": -1}, {"readers": 0}]
)
def test_limits_have_bounds(limits):
    with pytest.raises(ArgumentError, match=next(iter(limits))):
        Limits(**limits)


def test_a_library_is_a_folder_that_is_there(tmp_path):
    assert Settings(tmp_path, library=tmp_path).library == tmp_path
    with pytest.raises(ArgumentError, match="There is no folder"):
        Settings(tmp_path, library=tmp_path / "nowhere")


def test_a_server_needs_models_and_devices(tmp_path):
    with pytest.raises(ArgumentError, match="at least one"):
        Settings(tmp_path, models=())
    with pytest.raises(ArgumentError, match="'port' must be from 0 to 65535"):
        Settings(tmp_path, port=70_000)
