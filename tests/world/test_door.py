"""Who is let in, what everything that goes out carries, and that odd requests get a plain answer."""

from __future__ import annotations

import html
import posixpath
import re
import socket
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit

import pytest

from controller.errors import SettingsError
from controller.settings import load_settings
from tests.pages import BOX, ESTATE, PAGES, asking, at_commit, looked_at, served, site_of

TOKEN = "a-token-of-sixteen-letters-or-more"
CARRIED = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "same-origin"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    rig, board = looked_at(tmp_path_factory.mktemp("pages"))
    return SimpleNamespace(rig=rig, board=board)


@pytest.fixture(scope="module")
def address(seen):
    with served(site_of(seen.rig, seen.board, seen.rig.clock.now())) as at:
        yield urlsplit(at).hostname, urlsplit(at).port


@pytest.fixture
def visit(seen):
    def make(board=None, **more):
        return asking(site_of(seen.rig, board or seen.board, seen.rig.clock.now(), **more))

    return make



def test_nothing_but_reading_is_answered(visit, seen):
    ask = visit()
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert ask("/", method).status_code == 405
        assert ask(f"{ESTATE}/mailboxes", method).status_code == 405
    assert ask("/", "HEAD").status_code == 200
    assert ask("/t/nobody/mailboxes").status_code == 404
    assert ask(f"{ESTATE}/mailboxes/nobody@entreprise.example").status_code == 404


def test_on_loopback_a_name_of_somebody_elses_is_refused(visit):
    ask = visit()
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080"):
        answer = ask("/", host=host)
        assert answer.status_code == 421
        assert BOX not in answer.text
    for host in ("localhost:8080", "[::1]:8080", "127.0.0.1"):
        assert ask("/", host=host).status_code == 200


def test_beyond_loopback_without_a_door_only_probes_are_answered(visit):
    ask = visit(exposed=True)
    for path in PAGES:
        answer = ask(path)
        assert answer.status_code == 403
        assert "MBX_WEB_TOKEN" in answer.text
        assert BOX not in answer.text
    assert ask("/healthz").status_code == 200
    assert ask("/readyz").status_code == 200


def test_a_token_lets_in_by_header_or_by_signing_in(visit):
    ask = visit(exposed=True, MBX_WEB_TOKEN=TOKEN)
    assert ask("/").status_code == 401
    assert ask("/", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert ask("/", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    sent = ask(f"{ESTATE}/mailboxes?q=x", headers={"accept": "text/html"})
    assert sent.status_code == 303
    assert sent.headers["location"] == "../../login?to=%2Ft%2Fentreprise%2Fmailboxes%3Fq%3Dx"
    assert ask("/login", "POST", data={"token": "wrong"}).status_code == 401
    signed = ask("/login", "POST", data={"token": TOKEN, "to": f"{ESTATE}/dates"})
    assert signed.headers["location"] == f".{ESTATE}/dates"
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert TOKEN not in cookie
    value = cookie.partition(";")[0]
    assert ask("/", headers={"cookie": value}).status_code == 200
    ends, _, rest = value.partition(".")
    later = f"{ends.partition('=')[0]}={int(ends.partition('=')[2]) + 1}.{rest}"
    assert ask("/", headers={"cookie": later}).status_code == 401
    for target in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert ask("/login", "POST", data={"token": TOKEN, "to": target}).headers["location"] == "./"


def test_a_session_ends(visit, seen):
    ask = visit(exposed=True, MBX_WEB_TOKEN=TOKEN)
    value = ask("/login", "POST", data={"token": TOKEN}).headers["set-cookie"].partition(";")[0]
    later = site_of(seen.rig, seen.board, seen.rig.clock.now() + timedelta(hours=13), exposed=True, MBX_WEB_TOKEN=TOKEN)
    assert asking(later)("/", headers={"cookie": value}).status_code == 401


def test_a_proxys_header_lets_in_and_with_a_token_both_are_needed(visit):
    ask = visit(exposed=True, MBX_WEB_USER_HEADER="X-Forwarded-User")
    assert ask("/").status_code == 401
    assert ask("/", headers={"x-forwarded-user": " "}).status_code == 401
    assert ask("/", headers={"x-forwarded-user": "ada"}).status_code == 200
    both = visit(exposed=True, MBX_WEB_USER_HEADER="X-Forwarded-User", MBX_WEB_TOKEN=TOKEN)
    assert both("/", headers={"x-forwarded-user": "ada"}).status_code == 401
    assert both("/", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 401
    assert both("/", headers={"x-forwarded-user": "ada", "authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("env", [{"MBX_WEB_TOKEN": "short"}, {"MBX_WEB_USER_HEADER": "two words"}])
def test_settings_that_would_not_hold_are_refused(env):
    with pytest.raises(SettingsError) as refused:
        load_settings(env, env_file=None)
    assert "short" not in str(refused.value)


def test_with_a_header_for_a_door_a_strangers_name_does_not_lead_in_on_loopback(visit):
    """A page whose name was made to lead here may set any header: to its browser it asks its own site."""
    ask = visit(MBX_WEB_USER_HEADER="X-Forwarded-User")
    forged = ask("/", host="evil.example:8080", headers={"x-forwarded-user": "ada"})
    assert forged.status_code == 421
    assert BOX not in forged.text
    assert ask("/", headers={"x-forwarded-user": "ada"}).status_code == 200
    both = visit(MBX_WEB_USER_HEADER="X-Forwarded-User", MBX_WEB_TOKEN=TOKEN)
    known = {"x-forwarded-user": "ada", "authorization": f"Bearer {TOKEN}"}
    assert both("/", host="mail.entreprise.example", headers=known).status_code == 200


def test_every_answer_carries_the_same_headers(visit, seen):
    class Broken:
        def of(self, turn):
            raise RuntimeError("a secret of the inside")

        def keep(self, tenant_ids):
            pass

    ask, closed, token = visit(), visit(exposed=True), visit(exposed=True, MBX_WEB_TOKEN=TOKEN)
    broken = asking(replace(site_of(seen.rig, seen.board, seen.rig.clock.now()), views=Broken()), raise_app_exceptions=False)
    html_wanted = {"accept": "text/html"}
    answers = {
        200: ask("/"), 303: token("/", headers=html_wanted), 401: token("/"), 403: closed("/"), 404: ask("/t/x/y"),
        405: ask("/", "TRACE"), 413: token("/login", "POST", content=b"x" * 5000), 421: ask("/", host="evil.example"),
        500: broken("/"),
    }  # fmt: skip
    answers |= {1200: ask("/", "HEAD"), 1404: ask("/static/none.css"), 1405: ask("/static/page.css", "POST")}
    for status, answer in answers.items():
        assert answer.status_code == status % 1000
        assert CARRIED.items() <= dict(answer.headers).items(), status
        assert answer.headers["cache-control"] == ("no-cache" if status in (1404, 1405) else "no-store")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    assert ask("/static/page.css").headers["cache-control"] == "no-cache"
    assert "secret" not in answers[500].text
    assert "Traceback" not in answers[500].text
    assert answers[1200].text == ""


@pytest.mark.parametrize(
    "host", ["", "[::1", "[", "127.0.0.1:x@evil", "0x7f.1", "127.0.0.1.", "0.0.0.0", "169.254.0.1", "\x7f", "localhost@evil.example", "evil.example#localhost"]
)
def test_an_odd_host_is_nobodys(visit, host):
    answer = visit()("/", headers={"host": host})
    assert answer.status_code == 421
    assert BOX not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.2:8080", "[::1]", "LOCALHOST:1"])
def test_this_machine_has_several_names(visit, host):
    assert visit()("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ESTATE}/mailboxes?q={'x' * 60_000}", 200), (f"{ESTATE}/mailboxes?q=%ff%fe%00&state=%0d%0aSet-Cookie:x=1", 200),
        (f"{ESTATE}/mailboxes?page=%C2%B2&page=9999999999999999999", 200), (f"{ESTATE}/mailboxes/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404),
        (f"{ESTATE}/mailboxes/%00", 404), ("/t/%ff/plan", 404), ("/static/..%2fapp.py", 404), ("/static/%2e%2e/app.py", 404),
        (f"{ESTATE}/people?q=%F0%9F%98%80%E2%80%AE", 200), (f"{ESTATE}/history?q=';--&page=0", 200), (f"{ESTATE}/findings?severity[]=x&q=`", 200),
        ("/healthz/../t", 404), ("/people/%0d%0aX: y/access.csv", 404),
    ],
)  # fmt: skip
def test_odd_requests_get_a_plain_answer(visit, path, status):
    answer = visit()(path)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("target", ["/\r\nSet-Cookie: x=1", "/..//evil.example", "/.evil.example", "javascript:alert(1)", "/@evil.example", "///evil.example"])
def test_signing_in_leads_nowhere_else(visit, target):
    answer = visit(exposed=True, MBX_WEB_TOKEN=TOKEN)("/login", "POST", data={"token": TOKEN, "to": target})
    assert answer.status_code == 303
    assert urlsplit(urljoin("http://mbx.example/login", answer.headers["location"])).netloc == "mbx.example"
    assert "x=1" not in answer.headers["set-cookie"]


@pytest.mark.parametrize("prefix", ["/", "/mail/mbx/"])
def test_every_link_leads_to_a_page_wherever_a_proxy_puts_them(visit, seen, prefix):
    """The proxy takes its prefix away; what it is asked for without is not ours."""
    ask = visit(at_commit(seen.board, "0" * 40), repository="https://github.com/entreprise/mail")
    todo, known, outside = ["http://mbx.example" + prefix], set(), set()
    while todo:
        address = todo.pop()
        parts = urlsplit(address)
        if parts.netloc != "mbx.example":
            outside.add(parts.netloc)
            continue
        whole = parts._replace(fragment="").geturl()
        if whole in known:
            continue
        known.add(whole)
        assert parts.path.startswith(prefix), address
        inside = "/" + parts.path.removeprefix(prefix) + (f"?{parts.query}" if parts.query else "")
        answer = ask(inside)
        assert answer.status_code == 200, address
        if answer.headers["content-type"].startswith("text/html"):
            found = re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)
            todo += [urljoin(address, html.unescape(link)) for link in found]
            anchors = {link[1:] for link in found if link.startswith("#")}
            assert anchors <= set(re.findall(r'id="([^"]*)"', answer.text)), address
    assert outside == {"github.com"}
    assert {posixpath.join(prefix, path[1:]) for path in PAGES if "?" not in path} <= {urlsplit(each).path for each in known}
    assert len(known) > 25


def test_a_proxy_with_a_prefix_can_be_signed_in_through(visit):
    ask = visit(exposed=True, MBX_WEB_TOKEN=TOKEN)
    asked = "http://mbx.example/mail" + f"{ESTATE}/mailboxes"
    sent = ask(f"{ESTATE}/mailboxes", headers={"accept": "text/html"})
    login = urlsplit(urljoin(asked, sent.headers["location"]))
    assert login.path == "/mail/login"
    signed = ask(f"/login?{login.query}", "POST", data={"token": TOKEN, "to": f"{ESTATE}/mailboxes"})
    assert urljoin(login.geturl(), signed.headers["location"]) == asked


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("HEAD / HTTP/1.1\r\nHost: 127.0.0.1", 200), ("BREW / HTTP/1.1\r\nHost: 127.0.0.1", 405), ("OPTIONS * HTTP/1.1\r\nHost: localhost", 405),
        ("GET / HTTP/1.0", 421), ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example", 400), ("GET /\x01 HTTP/1.1\r\nHost: localhost", 400),
        ("GET http://evil.example/t HTTP/1.1\r\nHost: localhost", 404), ("GET /static/../../app.py HTTP/1.1\r\nHost: localhost", 404),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", 403),
        ("\x16\x03\x01 what is not HTTP at all", 400), (f"GET /?q={'x' * 70_000} HTTP/1.1\r\nHost: localhost", 200),
    ],
)  # fmt: skip
def test_a_real_server_answers_what_no_client_would_ask(address, asked, status):
    end = "Upgrade" if "websocket" in asked else "close"
    with socket.create_connection(address, timeout=10) as line:
        line.sendall(f"{asked}\r\nConnection: {end}\r\n\r\n".encode("latin-1"))
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert status == 200 or BOX.encode() not in body
    assert not asked.startswith("HEAD") or body == b""
    assert b"hypercorn" not in head
