"""What holds for every answer: headers, the name it was asked under, and who must sign in."""

import logging
from pathlib import Path
from typing import Any

import pytest

from mono_recon.site.gate import METRICS, POLICY, is_loopback
from mono_recon.site.users import FILE_NAME, Users
from tests.demonstration import BREAKS
from tests.site.visits import ANA, SECRET, TOKEN, Clock, settings_of, sign_in, visiting, with_ana

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-cache",
}


@pytest.fixture
def shut(demo: Path, tmp_path: Path) -> Any:
    """A visitor of a site on loopback that has users."""
    with visiting(with_ana(settings_of(demo, tmp_path))) as client:
        yield client


@pytest.fixture
def abroad(demo: Path, tmp_path: Path) -> Any:
    """A visitor of a site that other machines reach."""
    with visiting(with_ana(settings_of(demo, tmp_path / "abroad")), is_local=False) as client:
        yield client


@pytest.mark.parametrize(
    "address", ["/", "/nowhere", "/lookup?id=x", "/dates?date=2026-03-02", METRICS, f"/packs/{BREAKS}/v1/manifest.json"]
)
def test_every_answer_bears_the_headers_that_keep_a_browser_safe(visitor: Any, address: str) -> None:
    answer = visitor.get(address)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in answer.headers


def test_a_page_that_fails_bears_them_too_and_says_nothing_of_why(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mono_recon.site.app.webhooks", lambda _desk: 1 // 0)
    with visiting(settings_of(demo), raise_server_exceptions=False) as client:
        answer = client.get("/webhooks")
    assert answer.status_code == 500
    assert "Algo falló" in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_no_page_needs_what_the_policy_forbids(visitor: Any) -> None:
    for address in ("/", "/breaks", f"/dates/{BREAKS}", "/accounts", "/webhooks", "/lookup"):
        page = visitor.get(address).text
        assert " style=" not in page
        assert " onclick=" not in page
        assert page.count("<script") == page.count("<script src=") == 1
        assert "http://" not in page
        assert "https://" not in page


@pytest.mark.parametrize("host", ["localhost", "localhost:8321", "127.0.0.1:8321", "127.8.9.1", "[::1]:8321"])
def test_a_site_on_loopback_answers_under_its_own_names(visitor: Any, host: str) -> None:
    assert visitor.get("/lookup", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8321", "localhost.evil.example", "10.0.0.1", "", "[::1", "127.0.0.1@evil.example"],
)
def test_a_site_on_loopback_answers_under_no_other_name(visitor: Any, host: str) -> None:
    answer = visitor.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "Mono" not in answer.text


@pytest.mark.parametrize(("host", "is_ours"), [("::1", True), ("LOCALHOST.", True), ("0.0.0.0", False), ("::", False)])  # noqa: S104  what is refused
def test_loopback_is_told_from_everywhere_else(host: str, *, is_ours: bool) -> None:
    assert is_loopback(host) is is_ours


@pytest.mark.parametrize("address", ["/", "/breaks?class=break", f"/packs/{BREAKS}/v1/manifest.json", "/nowhere"])
def test_with_users_every_page_leads_to_the_sign_in_and_back(shut: Any, address: str) -> None:
    answer = shut.get(address)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    page = shut.get(answer.headers["location"]).text
    target = page.split('name="next" value="')[1].split('"')[0].replace("&amp;", "&")
    assert target == address


def test_without_signing_in_nothing_can_be_sent(shut: Any) -> None:
    assert shut.post("/breaks").status_code == 401
    assert shut.post("/logout").status_code == 401


def test_who_signed_in_reads_on_and_who_signs_out_does_not(shut: Any) -> None:
    answer = sign_in(shut, next="/breaks?class=break")
    assert (answer.status_code, answer.headers["location"]) == (303, "/breaks?class=break")
    page = shut.get("/breaks").text
    assert f'<span class="muted">{ANA}</span>' in page
    token = TOKEN.search(page)
    assert token is not None
    session = shut.cookies["mono_recon"]
    assert shut.get("/login").status_code == 303
    assert shut.post("/logout", data={"token": "x"}).status_code == 403
    assert shut.get("/logout").status_code == 405
    assert shut.post("/logout", data={"token": token[1]}).status_code == 303
    shut.cookies.set("mono_recon", session)
    assert shut.get("/breaks").status_code == 303


def test_a_session_has_a_new_token_after_each_sign_in(shut: Any) -> None:
    shut.cookies.set("mono_recon", "planted")
    sign_in(shut)
    first = shut.cookies.get("mono_recon", domain="localhost.local")
    assert first not in (None, "planted")
    token = TOKEN.search(shut.get("/lookup").text)
    assert token is not None
    shut.cookies.set("mono_recon_form", "f" * 43, domain="localhost.local", path="/login")
    shut.post("/login", data={"token": "f" * 43, "name": ANA, "password": SECRET})
    second = shut.cookies.get("mono_recon", domain="localhost.local")
    assert second not in (None, first)
    shut.cookies.clear()
    shut.cookies.set("mono_recon", first)
    assert shut.get("/breaks").status_code == 303


def test_a_page_that_is_made_once_for_all_tells_each_person_their_own_name(demo: Path, tmp_path: Path) -> None:
    settings = with_ana(settings_of(demo, tmp_path))
    Users(tmp_path / FILE_NAME).add("luis", SECRET)
    seen = {}
    with visiting(settings) as client:
        for name in (ANA, "luis", ANA):
            client.cookies.clear()
            sign_in(client, name=name)
            seen[name] = client.get("/breaks").text
    assert f">{ANA}</span>" in seen[ANA]
    assert ">luis</span>" in seen["luis"]
    assert ANA not in seen["luis"]
    assert TOKEN.findall(seen[ANA]) != TOKEN.findall(seen["luis"])
    assert TOKEN.sub("", seen[ANA]).replace(ANA, "luis") == TOKEN.sub("", seen["luis"])


def test_a_session_ends_when_its_user_is_removed(demo: Path, tmp_path: Path) -> None:
    settings = with_ana(settings_of(demo, tmp_path))
    with visiting(settings) as client:
        sign_in(client)
        assert client.get("/lookup").status_code == 200
        (tmp_path / "users.json").write_text('{"users": [{"name": "luis", "argon2": "x"}]}', encoding="utf-8")
        assert client.get("/lookup").status_code == 303


def test_a_file_of_users_that_cannot_be_read_lets_nobody_in(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text("{", encoding="utf-8")
    with visiting(settings_of(demo, tmp_path)) as client:
        assert client.get("/").status_code == 503
        assert client.get("/metrics").status_code == 503


def test_cookies_are_for_this_site_alone_and_go_over_https_where_others_reach_it(shut: Any, abroad: Any) -> None:
    for client, name, is_secure in ((shut, "mono_recon", False), (abroad, "__Host-mono_recon", True)):
        form = client.get("/login").headers["set-cookie"]
        held = sign_in(client).headers.get_list("set-cookie")[0]
        assert held.startswith(f"{name}=")
        for cookie in (form, held):
            assert "HttpOnly" in cookie
            assert "SameSite=strict" in cookie
            assert ("Secure" in cookie) is is_secure
        assert "Path=/;" in held
        assert client.get("/lookup").status_code == 200


@pytest.mark.parametrize("password", ["wrong", "", SECRET.upper(), SECRET + " "])
def test_a_wrong_password_is_refused_without_saying_what_was_wrong(shut: Any, password: str) -> None:
    known, unknown = sign_in(shut, password=password), sign_in(shut, name="nobody", password=password)
    assert (known.status_code, unknown.status_code) == (403, 403)
    assert "Usuario o contraseña incorrectos." in known.text
    assert TOKEN.sub("", known.text) == TOKEN.sub("", unknown.text)
    assert "mono_recon" not in shut.cookies
    assert ANA not in known.text


def test_a_form_of_another_site_is_refused(shut: Any) -> None:
    filled = {"name": ANA, "password": SECRET}
    assert shut.post("/login", data=filled).status_code == 403
    shut.get("/login")
    assert shut.post("/login", data=filled | {"token": "guessed"}).status_code == 403
    assert shut.post("/login", data=filled | {"token": ""}).status_code == 403
    assert shut.get("/breaks").status_code == 303


def test_after_five_wrong_passwords_the_right_one_must_wait(demo: Path, tmp_path: Path) -> None:
    clock = Clock()
    with visiting(with_ana(settings_of(demo, tmp_path)), clock=clock) as client:
        for _ in range(5):
            assert sign_in(client, password=SECRET[::-1]).status_code == 403
        answer = sign_in(client)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
        assert "Demasiados intentos" in answer.text
        clock.now += 900
        assert sign_in(client).status_code == 303


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/x", "/login", "x"],
)
def test_signing_in_leads_nowhere_else(shut: Any, target: str) -> None:
    assert sign_in(shut, next=target).headers["location"] == "/"


def test_a_form_that_is_too_long_or_no_form_is_refused(shut: Any) -> None:
    assert shut.post("/login", content=b"name=" + b"x" * 10_000).status_code == 413
    assert shut.post("/login", content=b"\xff\xfe=%ff").status_code == 403
    assert shut.post("/login", content=b"&".join(b"a=1" for _ in range(100))).status_code == 403


def test_a_program_signs_in_for_metrics_with_each_request(shut: Any) -> None:
    assert shut.get("/metrics").status_code == 401
    assert shut.get("/metrics", auth=(ANA, "wrong")).status_code == 401
    assert shut.get("/metrics", headers={"authorization": "Basic x"}).status_code == 401
    assert shut.get("/metrics", auth=(ANA, SECRET)).status_code == 200
    assert shut.get("/breaks", auth=(ANA, SECRET)).status_code == 303


def test_the_log_has_the_path_and_nothing_that_people_looked_for(
    visitor: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("mono_recon"), "propagate", True)
    with caplog.at_level(logging.INFO, logger="mono_recon.site"):
        visitor.get("/lookup?id=somebody")
        visitor.get("/nowhere%0d%0aforged")
    facts = [record.__dict__["facts"] for record in caplog.records]
    assert [(each["method"], each["path"], each["status"]) for each in facts] == [
        ("GET", "/lookup", 200),
        ("GET", "/nowhere%0D%0Aforged", 404),
    ]
    assert "somebody" not in caplog.text
