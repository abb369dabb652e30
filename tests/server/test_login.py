"""Accounts over HTTP: logging in and out, roles, and what ends a session."""

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from sqlalchemy import select, update

from momentvos.errors import ArgumentError
from momentvos.server.logins import COOKIE
from momentvos.server.tables import AccountRow, SessionRow, now
from momentvos.server.throttle import FREE_BY_NAME, Throttle
from momentvos.server.user import ROLES

TOKEN = "0123456789abcdefghij"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Hashes that take no time; those of the program are looked at in tests/cli/test_account.py."""
    from argon2 import PasswordHasher

    from momentvos.server import accounts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            accounts, "PasswordHasher", lambda: PasswordHasher(1, memory_cost=64, parallelism=1)
        )
        yield


@pytest.fixture(scope="module")
def web(waiting, clip):
    """A server with an account of each role, and a token; it has a video."""
    with waiting(token=TOKEN) as web:
        for role in ROLES:
            web.service.accounts.add(role, PASSWORD, role)
        web.video = web.upload(clip)
        yield web


@pytest.fixture(autouse=True)
def patient(request):
    """Every test has its attempts."""
    if "web" in request.fixturenames:
        request.getfixturevalue("web").service.logins._throttle = Throttle()


@pytest.fixture
def stranger(web, Web):
    return Web(web.url)


@pytest.fixture
def as_user(web, Web):
    """A client that is logged in: as_user("reader") -> Web."""

    def enter(name, password=PASSWORD, server=web):
        made = Web(server.url)
        made.headers = {"Cookie": f"{COOKIE}={secret(log_in(made, name, password))}"}
        return made

    return enter


def log_in(client, name, password=PASSWORD, status=204):
    answer = client.post("/api/login", json={"name": name, "password": password})
    assert answer.status_code == status, answer.text
    return answer


def secret(answer):
    return answer.headers["set-cookie"].partition(";")[0].partition("=")[2]


def test_a_login_gives_a_cookie_that_scripts_and_other_sites_never_see(stranger):
    answer = log_in(stranger, "reader")
    assert answer.content == b""
    value, *parts = answer.headers["set-cookie"].split("; ")
    assert value.startswith(f"{COOKIE}=")
    assert len(secret(answer)) >= 43  # 256 bits
    assert {one.lower() for one in parts} == {
        "httponly",
        "samesite=strict",
        "path=/",
        "max-age=604800",
    }
    assert secret(answer) != secret(log_in(stranger, "reader"))


def test_behind_https_the_cookie_is_for_https_alone(waiting, Web):
    with waiting(secure_cookie=True) as web:
        web.service.accounts.add("ann", PASSWORD, "reader")
        assert "; secure" in log_in(web, "ann").headers["set-cookie"].lower()
        assert web.get("/api/me").status_code == 401  # no page of a proxy is open to all


@pytest.mark.parametrize("role", ROLES)
def test_who_one_is(as_user, role):
    assert as_user(role).get("/api/me").json() == {"name": role, "role": role, "login": True}


def test_the_token_is_the_admin(web):
    assert web.get("/api/me").json() == {"name": None, "role": "admin", "login": True}


def test_one_may_log_in_by_the_token(stranger):
    answer = stranger.post("/api/login", json={"token": TOKEN})
    stranger.headers = {"Cookie": f"{COOKIE}={secret(answer)}"}
    assert stranger.get("/api/me").json() == {"name": None, "role": "admin", "login": True}
    assert stranger.post("/api/login", json={"token": TOKEN + "x"}).status_code == 401


def test_without_accounts_and_token_everybody_of_this_machine_is_the_admin(waiting):
    with waiting() as web:
        assert web.get("/api/me").json() == {"name": None, "role": "admin", "login": False}
        assert web.post("/api/login", json={"token": "x"}).status_code == 401
        log_in(web, "ann", status=401)


def test_the_first_account_closes_a_server_that_runs_and_the_last_one_does_not_open_it(waiting):
    with waiting() as web:
        assert web.get("/api/info").status_code == 200
        web.service.accounts.add("ann", PASSWORD, "admin")
        assert web.get("/api/info").status_code == 401
        web.service.accounts.remove("ann")
        assert web.get("/api/info").status_code == 401


@pytest.mark.parametrize(
    "path", ["/api/me", "/api/info", "/api/videos", "/api/jobs", "/metrics", "/openapi.json"]
)
def test_strangers_get_nothing(stranger, path):
    for headers in ({}, {"Cookie": f"{COOKIE}=x"}, {"Cookie": f"{COOKIE}={'é' * 9000}"}):
        answer = stranger.get(path, headers={k: v.encode("latin-1") for k, v in headers.items()})
        assert answer.status_code == 401
        assert answer.json()["detail"].startswith("Log in")


def test_what_a_browser_needs_to_log_in_is_open_and_nothing_is_sent_there(stranger):
    assert stranger.get("/").status_code == 200
    assert stranger.get("/page/none.css").status_code == 404
    assert stranger.get("/studio/none.css").status_code == 404
    assert stranger.post("/").status_code == 401
    assert stranger.post("/page/none.css").status_code == 401
    assert stranger.get("/pages").status_code == 401
    assert stranger.get("/page/../api/videos").status_code in (401, 404)
    assert stranger.get("/page/%2e%2e/api/videos").status_code in (401, 404)


def test_a_reader_looks_and_changes_nothing(web, as_user):
    reader = as_user("reader")
    job = web.ask(web.video, "a")
    for path in (f"/api/videos/{web.video}", f"/api/jobs/{job}", "/api/info"):
        assert reader.get(path).status_code == 200
    for method, path in (
        ("POST", "/api/jobs"),
        ("POST", "/api/videos?name=a"),
        ("POST", "/api/videos/registered"),
        ("POST", f"/api/jobs/{job}/cancel"),
        ("DELETE", f"/api/jobs/{job}"),
        ("DELETE", f"/api/videos/{web.video}"),
        ("PUT", "/api/jobs"),
        ("PATCH", "/api/anything"),
    ):
        answer = reader(method, path)
        assert answer.status_code == 403, (method, path)
        assert "annotator" in answer.json()["detail"]
    assert web.job(job)["state"] == "queued"
    assert reader.post("/api/logout").status_code == 204  # what everybody may


@pytest.mark.parametrize("role", ["annotator", "reviewer", "admin"])
def test_others_ask(web, as_user, role):
    user = as_user(role)
    job = user.ask(web.video, "a")
    assert user.post(f"/api/jobs/{job}/cancel").json()["state"] == "cancelled"


def test_logging_out_ends_the_session(as_user):
    one, other = as_user("reader"), as_user("reader")
    answer = one.post("/api/logout")
    assert answer.status_code == 204
    assert 'momentvos_session=""' in answer.headers["set-cookie"]
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert one.get("/api/me").status_code == 401
    assert other.get("/api/me").status_code == 200
    assert one.post("/api/logout").status_code == 204  # twice is no fault


def test_logging_in_again_ends_the_session_before(web, as_user):
    one = as_user("reader")
    old = dict(one.headers)
    log_in(one, "reader")
    assert one.get("/api/me", headers=old).status_code == 401


@pytest.mark.parametrize("change", ["password", "role", "removed"])
def test_a_changed_account_is_logged_out(web, as_user, change):
    accounts = web.service.accounts
    accounts.add(change, PASSWORD, "annotator")
    user = as_user(change)
    assert user.get("/api/me").status_code == 200
    if change == "password":
        accounts.change_password(change, "another password")
        log_in(user, change, status=401)
        log_in(user, change, "another password")
    elif change == "role":
        accounts.change_role(change, "reader")
        assert as_user(change).get("/api/me").json()["role"] == "reader"
    else:
        accounts.remove(change)
        log_in(user, change, status=401)
    assert user.get("/api/me").status_code == 401


def test_the_name_of_a_former_account_is_given_to_the_same_person_alone(web, as_user):
    accounts = web.service.accounts
    accounts.add("former", PASSWORD, "admin")
    user = as_user("former")
    accounts.remove("former")
    with pytest.raises(ArgumentError, match=r"There was an account .former. until .* --again"):
        accounts.add("former", "another password", "reader")
    log_in(user, "former", "another password", 401)
    accounts.add("former", "another password", "reader", again=True)
    assert user.get("/api/me").status_code == 401  # the session of before
    assert as_user("former", "another password").get("/api/me").json()["role"] == "reader"
    with pytest.raises(ArgumentError, match="already"):
        accounts.add("former", PASSWORD, "reader", again=True)
    accounts.remove("former")
    with pytest.raises(ArgumentError, match="There was an account"):
        accounts.add("former", PASSWORD, "reader")


@pytest.mark.parametrize("change", ["other password", "other person"])
def test_a_password_that_was_right_a_moment_ago_begins_no_session(web, change):
    """The account changes after its password was looked at, and before the session begins."""
    accounts, name = web.service.accounts, f"late-{change[6:]}"
    accounts.add(name, PASSWORD, "admin")
    looked_at = accounts.checked(name, PASSWORD)
    if change == "other password":
        accounts.change_password(name, "another password")
    else:
        accounts.remove(name)
        accounts.add(name, "another password", "reader", again=True)
    with pytest.raises(KeyError):
        web.service.sessions.begin(looked_at)
    web.service.sessions.begin(accounts.checked(name, "another password"))


def test_a_session_ends_by_itself_and_its_row_goes(web, as_user):
    user = as_user("reviewer")
    with web.service.database.begin() as session:
        session.execute(
            update(SessionRow).where(SessionRow.account == "reviewer").values(expires=now())
        )
    assert user.get("/api/me").status_code == 401
    web.service.clean()
    with web.service.database.read() as session:
        assert session.scalars(select(SessionRow).where(SessionRow.expires <= now())).all() == []


def test_sessions_of_one_account_are_bounded(web, monkeypatch):
    from momentvos.server import sessions
    from momentvos.server.user import User

    monkeypatch.setattr(sessions, "MOST", 3)
    user, kept = User("admin", "admin"), web.service.sessions
    account = web.service.accounts.checked("admin", PASSWORD)
    secrets = [kept.begin(account) for _ in range(5)]
    assert [kept.user(one) for one in secrets] == [None, None, user, user, user]


def test_sessions_outlive_the_server_and_those_by_the_token_end_with_it(serve, Web):
    with serve(token=TOKEN) as web:
        web.service.accounts.add("ann", PASSWORD, "reviewer")
        by_password = secret(log_in(web, "ann"))
        by_token = secret(web.post("/api/login", json={"token": TOKEN}))
    for token, statuses in ((TOKEN, (200, 200)), ("another-token-of-it", (200, 401)), (None, None)):
        with serve(token=token) as web:
            client = Web(web.url)
            got = [
                client.get("/api/me", headers={"Cookie": f"{COOKIE}={one}"}).status_code
                for one in (by_password, by_token)
            ]
        assert tuple(got) == (statuses or (200, 401))


def test_the_database_has_neither_passwords_nor_secrets(web, stranger):
    given = secret(log_in(stranger, "reader"))
    folder = web.service.store.folder
    content = b"".join(path.read_bytes() for path in folder.glob("server.sqlite3*"))
    assert PASSWORD.encode() not in content
    assert given.encode() not in content
    with web.service.database.read() as session:
        assert {row.hash[:10] for row in session.scalars(select(AccountRow))} == {"$argon2id$"}


def test_a_wrong_name_and_a_wrong_password_are_the_same(web, stranger):
    wrong = [log_in(stranger, "reader", "wrong password", 401) for _ in range(3)]
    nobody = [log_in(stranger, f"nobody{k}", "wrong password", 401) for k in range(3)]
    odd = [log_in(stranger, name, "wrong password", 401) for name in ("a\0b", "-", "x" * 200)]
    assert len({answer.content for answer in (*wrong, *nobody, *odd)}) == 1
    names = {frozenset(answer.headers) for answer in (*wrong, *nobody, *odd)}
    assert len(names) == 1


def test_a_wrong_name_takes_the_work_of_a_wrong_password(web, monkeypatch):
    """Not by the clock: by what is verified."""
    seen = []
    accounts = web.service.accounts

    def verify(made, password):
        seen.append(made.split("$")[1:4])
        return False

    monkeypatch.setattr(accounts, "_is", verify)
    for name in ("reader", "nobody", "\0"):
        assert accounts.checked(name, "wrong password") is None
    assert len(seen) == 3
    assert seen[0] == seen[1] == seen[2]


def test_attempts_are_bounded_whether_the_name_is_one_or_not(stranger):
    for name in ("reader", "nobody"):
        for _ in range(FREE_BY_NAME):
            log_in(stranger, name, "wrong password", 401)
        answer = log_in(stranger, name, PASSWORD, 429)  # the right one has to wait as well
        assert 1 <= int(answer.headers["retry-after"]) <= 2
        assert answer.json()["detail"] == "Too many attempts to log in; try again later."
    log_in(stranger, "annotator")


def test_attempts_with_the_token_are_bounded(stranger):
    for _ in range(FREE_BY_NAME):
        assert stranger.post("/api/login", json={"token": "wrong"}).status_code == 401
    assert stranger.post("/api/login", json={"token": TOKEN}).status_code == 429
    log_in(stranger, "annotator")


def test_many_attempts_at_once_are_no_way_around(stranger):
    from concurrent.futures import ThreadPoolExecutor

    def attempt(_):
        content = {"name": "reader", "password": "wrong password"}
        return stranger.post("/api/login", json=content).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(attempt, range(16)))
    assert statuses.count(401) == FREE_BY_NAME
    assert statuses.count(429) == 16 - FREE_BY_NAME


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"name": "reader"},
        {"password": PASSWORD},
        {"name": "reader", "password": PASSWORD, "token": TOKEN},
        {"name": "reader", "password": ""},
        {"name": "reader", "password": "x" * 1001},
        {"name": ["reader"], "password": PASSWORD},
        {"name": "reader", "password": PASSWORD, "role": "admin"},
    ],
)
def test_what_is_no_login_is_one_sentence_without_the_password(stranger, content):
    answer = stranger.post("/api/login", json=content)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text
    assert TOKEN not in answer.text


def test_pages_of_other_sites_cannot_log_in(stranger):
    content = {"name": "reader", "password": PASSWORD}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert stranger.post("/api/login", json=content, headers=headers).status_code == 403
        assert stranger.post("/api/logout", headers=headers).status_code == 403


def test_a_wrong_token_is_not_saved_by_a_session(as_user):
    user = as_user("admin")
    assert user.get("/api/me", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_spellings_of_one_password_are_one(web, stranger):
    web.service.accounts.add("Jörg", "pässwörter", "reader")
    log_in(stranger, "Jo\u0308rg", "pa\u0308sswo\u0308rter")


def test_hashes_of_an_older_kind_are_made_anew_at_a_login(web, stranger):
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash("older password")
    web.service.accounts.add("older", PASSWORD, "reader")
    with web.service.database.begin() as session:
        session.execute(update(AccountRow).where(AccountRow.name == "older").values(hash=old))
    for _ in range(2):
        log_in(stranger, "older", "older password")
    with web.service.database.read() as session:
        assert session.get(AccountRow, "older").hash.split("$")[3] == "m=64,t=1,p=1"


@pytest.mark.parametrize(
    "name", ["", " ann", "a b", "a/b", "../x", "-ann", "a" * 65, "a\nb", "a\0"]
)
def test_names_that_no_account_has(web, name):
    with pytest.raises(ArgumentError, match="cannot be the name"):
        web.service.accounts.add(name, PASSWORD, "reader")


def test_passwords_and_roles_that_are_none(web):
    accounts = web.service.accounts
    for password in ("", "1234567", "x" * 1001):
        with pytest.raises(ArgumentError, match="8 to 1,000 characters"):
            accounts.add("new", password, "reader")
    with pytest.raises(ArgumentError, match="reader, annotator, reviewer, admin"):
        accounts.add("new", PASSWORD, "king")
    with pytest.raises(ArgumentError, match="already"):
        accounts.add("reader", PASSWORD, "admin")
    for change in (accounts.remove, accounts.get, lambda name: accounts.change_role(name, "admin")):
        with pytest.raises(ArgumentError, match="no account 'new'"):
            change("new")


def test_other_machines_need_an_account_or_a_token(settings, tmp_path):
    from dataclasses import replace

    from momentvos.server.service import Service

    wide = replace(settings, host="0.0.0.0")
    with pytest.raises(ArgumentError, match="an account or a token is needed"):
        Service(wide)
    service = Service(settings)  # the folder is free again
    service.accounts.add("ann", PASSWORD, "admin")
    service.database.close()
    service.store.close()
    for changed in (wide, replace(wide, token=TOKEN)):
        service = Service(changed)
        assert service.logins.asked()
        service.database.close()
        service.store.close()


def test_the_client_logs_in(web):
    from momentvos.server.client import Client, ServerError

    with Client(web.url) as client:
        with pytest.raises(ServerError) as refused:
            client.info()
        assert refused.value.status == 401
        with pytest.raises(ServerError, match="wrong"):
            client.login("annotator", "wrong password")
        assert client.login("annotator", PASSWORD)["role"] == "annotator"
        assert client.ask(web.video, "a")["state"] == "queued"
