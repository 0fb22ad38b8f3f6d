"""One attempt at a receiver, whatever the receiver does."""

import asyncio
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from mockserver.errors import SettingError
from mockserver.webhooks.addresses import Address
from mockserver.webhooks.sender import (
    Authorities,
    ReceiverAnswer,
    SendError,
    header_objection,
)
from mockserver.webhooks.targets import Destination, Targets
from tests.webhooks.receivers import (
    BODY,
    Handler,
    answering,
    attempt,
    delivered_to,
    kind_and_text,
    request,
    run,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def whole(answer: Any) -> tuple[int, Any, bytes]:
    """An answer without its time."""
    assert isinstance(answer, ReceiverAnswer), answer
    assert answer.milliseconds > 0
    return answer[:3]


# -------------------------------------------------------------------------------------- what is sent


def test_a_body_is_posted_with_its_headers_and_no_others() -> None:
    seen: list[bytes] = []
    answer = delivered_to(
        answering(OK, seen),
        url="http://127.0.0.1:{port}/a b?q=é#part",
        headers={"Content-Type": "application/json", "X-Key": "schlüssel"},
    )
    head, body = seen[0].split(b"\r\n\r\n")
    line, host, *fields = head.split(b"\r\n")
    assert whole(answer) == (200, ((b"Content-Length", b"2"),), b"ok")
    assert (line, body) == (b"POST /a%20b?q=%C3%A9 HTTP/1.1", BODY)
    assert host.startswith(b"Host: 127.0.0.1:")
    assert fields == [
        b"Content-Type: application/json",
        "X-Key: schlüssel".encode(),
        b"Content-Length: %d" % len(BODY),
        b"Connection: close",
    ]


def test_an_empty_body_is_sent_too() -> None:
    seen: list[bytes] = []
    delivered_to(answering(OK, seen), body=b"")
    assert b"Content-Length: 0\r\n" in seen[0]


@pytest.mark.parametrize(
    ("host", "url", "shown"),
    [
        ("::1", "http://[::1]:{port}/", b"[::1]:"),
        ("::1", "http://localhost:{port}/", b"localhost:"),
        ("127.0.0.1", "http://localhost:{port}/", b"localhost:"),
        ("127.0.0.1", "http://shop.localhost.:{port}/", b"shop.localhost:"),
        ("127.0.0.1", "http://2130706433:{port}/", b"2130706433:"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]:{port}/", b"[::ffff:127.0.0.1]:"),
    ],
)
def test_the_host_is_the_one_that_was_given(host: str, url: str, shown: bytes) -> None:
    seen: list[bytes] = []
    assert whole(delivered_to(answering(OK, seen), host=host, url=url))[0] == 200
    assert b"\r\nHost: " + shown in seen[0]


def test_proxies_and_passwords_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / "netrc").write_text("default login me password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    seen: list[bytes] = []
    assert whole(delivered_to(answering(OK, seen)))[0] == 200
    assert b"uthorization" not in seen[0]


def test_each_attempt_has_a_connection_of_its_own_and_keeps_no_cookies() -> None:
    seen: list[bytes] = []
    peers = set()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.add(writer.get_extra_info("peername"))
        seen.append(await request(reader))
        writer.write(b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=b\r\n\r\n")
        await reader.read()
        writer.close()

    async def story() -> None:
        async with await asyncio.start_server(receive, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            for _ in range(3):
                await attempt(f"http://127.0.0.1:{port}/")

    run(story())
    assert (len(peers), len(set(seen))) == (3, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Key", "a\r\nHost: other"),
        ("X-Key", "a\nb"),
        ("X-Key", "a\rb"),
        ("X-Key", "a\x00b"),
        ("X-Key", "a\x7fb"),
        ("X-Key", " a"),
        ("X-Key", "a\t"),
        ("X-Key", "a\n"),
        ("X-Key\r\nX", "a"),
        ("X Key", "a"),
        ("X-Key:", "a"),
        ("X-Kéy", "a"),
        ("", "a"),
        ("Host", "other"),
        ("HOST", "other"),
        ("content-length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
        ("Upgrade", "h2c"),
        ("Expect", "100-continue"),
    ],
)
def test_a_header_that_would_change_the_message_is_refused(name: str, value: str) -> None:
    assert header_objection(name, value) is not None
    seen: list[bytes] = []
    outcome = delivered_to(answering(OK, seen), headers={name: value})
    assert (kind_and_text(outcome)[0], seen) == ("refused-header", [])


@pytest.mark.parametrize("value", ["", "a b", "a\tb", "é", "Bearer s3cret=="])
def test_an_ordinary_header_is_sent(value: str) -> None:
    assert header_objection("X-Key", value) is None
    seen: list[bytes] = []
    assert whole(delivered_to(answering(OK, seen), headers={"X-Key": value}))[0] == 200
    assert f"X-Key: {value}\r\n".encode() in seen[0]


# -------------------------------------------------------------------------------- what is answered


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 307, 400, 404, 410, 429, 500, 503])
def test_every_status_is_an_answer_and_redirects_are_not_followed(status: int) -> None:
    seen: list[bytes] = []
    answer = b"HTTP/1.1 %d X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n" % status
    headers = ((b"Location", b"/elsewhere"), (b"Content-Length", b"0"))
    assert whole(delivered_to(answering(answer, seen))) == (status, headers, b"")
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end", id="until the end"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nold", b"old", id="HTTP/1.0"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            b"abc",
            id="chunked",
        ),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + OK, b"ok", id="1xx"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
            b"\x1f\x8b\x08",
            id="compressed",
        ),
        pytest.param(OK + b"and more", b"ok", id="more than it says"),
    ],
)
def test_a_body_is_kept_as_it_came(answer: bytes, body: bytes) -> None:
    outcome = delivered_to(answering(answer))
    assert isinstance(outcome, ReceiverAnswer)
    assert (outcome.status, outcome.body) == (200, body)


@pytest.mark.parametrize(
    ("size", "kept"), [(4095, 4095), (4096, 4096), (4097, 4096), (60_000, 4096), (1 << 20, 4096)]
)
def test_the_first_4_kib_of_a_body_are_kept(size: int, kept: int) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    outcome = delivered_to(answering(answer))
    assert isinstance(outcome, ReceiverAnswer)
    assert outcome.body == b"x" * kept


def test_a_body_without_an_end_is_cut_off() -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()
            sent += 10_000

    assert whole(delivered_to(flood)) == (200, (), b"x" * 4096)
    assert sent < 20_000_000


def test_headers_are_kept_up_to_a_bound() -> None:
    lines = b"".join(b"X-%03d: %s\r\n" % (number, b"a" * 95) for number in range(100))
    outcome = delivered_to(answering(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n"))
    assert isinstance(outcome, ReceiverAnswer)
    assert len(outcome.headers) == 40


# ----------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("run_story", [run, asyncio.run])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_nobody_listens(run_story: Callable[..., Any], host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = run_story(attempt(f"http://{host}:{port}/"))
    assert kind_and_text(outcome) == ("no-connection", "connection refused")


def test_a_name_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    outcome = run(attempt("http://shop.test/"))
    assert kind_and_text(outcome) == ("no-connection", "name not found")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "Server disconnected without sending a response."),
        (b"garbage\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1", "Server disconnected without sending a response."),
        (b"HTTP/1.1 200 OK\r\nContent", "Server disconnected without sending a response."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", "without sending complete message"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na", "without sending complete"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "illegal chunk header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "bad Content-Length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "illegal header line"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, "Receive buffer too long"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "illegal status line"),
        (b"\x15\x03\x01\x00\x02\x02\x46" * 20 + b"\r\n\r\n", "illegal"),
    ],
)  # fmt: skip
def test_what_is_no_whole_answer_is_broken(answer: bytes, sentence: str) -> None:
    kind, text = kind_and_text(delivered_to(answering(answer)))
    assert kind == "broken"
    assert text.startswith("no whole answer of HTTP: ")
    assert sentence in text


def test_a_reset_connection_is_broken() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.transport.abort()

    async def reset_hard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    assert kind_and_text(delivered_to(reset))[0] == "broken"
    assert kind_and_text(delivered_to(reset_hard))[0] == "broken"


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _head_drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    for letter in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1000:
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def _body_drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _always_continues(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _stops_in_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    await reader.read()


@pytest.mark.parametrize(
    "receiver", [_silent, _head_drips, _body_drips, _always_continues, _stops_in_the_body]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_time_is_for_all_of_an_attempt(receiver: Handler, scheme: str) -> None:
    start = time.monotonic()
    outcome = delivered_to(receiver, url=scheme + "://127.0.0.1:{port}/", timeout=0.15)
    assert time.monotonic() - start < 2
    if scheme == "https" and receiver is not _silent:
        return  # nothing of the request comes
    assert kind_and_text(outcome) == ("time-out", "no whole answer in 0.15 seconds")
    assert isinstance(outcome, SendError)
    assert 140 < outcome.milliseconds < 2000


def test_a_receiver_that_reads_nothing_is_given_up() -> None:
    async def read_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # typeshed's has it for reading only
        await asyncio.sleep(0.6)

    outcome = delivered_to(read_nothing, body=b"x" * 50_000_000, timeout=0.3)
    assert kind_and_text(outcome)[0] == "time-out"


def test_a_look_up_counts_to_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: Any, **__: Any) -> Any:
        time.sleep(0.5)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    outcome = run(attempt("http://shop.test/", timeout=0.1))
    assert kind_and_text(outcome)[0] == "time-out"


def test_an_attempt_can_be_cancelled() -> None:
    async def story(port: int) -> None:
        task = asyncio.create_task(attempt(f"http://127.0.0.1:{port}/"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with socket.create_server(("127.0.0.1", 0)) as silent:
        run(story(silent.getsockname()[1]))


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("hang_up", [False, True])
@pytest.mark.parametrize("run_story", [run, asyncio.run])
def test_the_connection_is_closed_when_an_attempt_ends(
    scheme: str, hang_up: bool, run_story: Callable[..., Any]
) -> None:
    async def story() -> None:
        closed = asyncio.Event()

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            closed.set()
            writer.close()

        async with await asyncio.start_server(receive, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await attempt(f"{scheme}://127.0.0.1:{port}/", timeout=0.1, hang_up=hang_up)
            await asyncio.wait_for(closed.wait(), 5)

    run_story(story())


def test_whatever_else_happens_is_an_attempt_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a fault of this build")

    monkeypatch.setattr(Targets, "destination", fail)
    outcome = run(attempt("http://127.0.0.1:1/"))
    assert kind_and_text(outcome) == ("broken", "RuntimeError: a fault of this build")


def test_many_attempts_at_a_time_do_not_meet() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = (await request(reader)).partition(b"\r\n\r\n")[2]
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        writer.close()

    async def story() -> list[bytes]:
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            bodies = [b"%d" % number for number in range(40)]
            outcomes = await asyncio.gather(
                *(attempt(url, body=body, timeout=30) for body in bodies)
            )
        return [outcome.body for outcome in outcomes if isinstance(outcome, ReceiverAnswer)]

    assert run(story()) == [b"%d" % number for number in range(40)]


# ---------------------------------------------------------------------------------- hanging up


def test_hanging_up_closes_the_connection_when_the_body_is_sent() -> None:
    seen: list[bytes] = []

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request(reader))
        seen.append(await asyncio.wait_for(reader.read(), 5))
        writer.write(OK)

    outcome = delivered_to(receive, body=BODY * 10_000, hang_up=True)
    assert kind_and_text(outcome) == ("hung-up", "the connection was closed after the body")
    assert seen[0].endswith(b"\r\n\r\n" + BODY * 10_000)
    assert seen[1:] == [b""]


# ------------------------------------------------------------------------------------------ TLS

AUTHORITY = trustme.CA()


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    file = tmp_path_factory.mktemp("ca") / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(file)
    return Authorities(str(file))


def tls_for(*names: str, authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    """A receiver's side of TLS, with a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (("127.0.0.1",), "127.0.0.1"),
        (("127.0.0.1",), "127.1"),
        (("127.0.0.1",), "2130706433"),
        (("localhost",), "localhost"),
        (("localhost",), "LOCALHOST."),
        (("shop.localhost",), "shop.localhost"),
        (("*.a.localhost",), "b.a.localhost"),
    ],
)
@pytest.mark.parametrize("hang_up", [False, True])
def test_tls_is_spoken_to_the_name_that_was_given(
    trusted: Authorities, names: tuple[str, ...], host: str, hang_up: bool
) -> None:
    seen: list[bytes] = []
    outcome = delivered_to(
        answering(OK, seen),
        url=f"https://{host}:{{port}}/",
        tls=tls_for(*names),
        authorities=trusted,
        hang_up=hang_up,
    )
    assert seen[0].endswith(BODY)
    assert kind_and_text(outcome)[0] == "hung-up" if hang_up else whole(outcome)[2] == b"ok"


def test_the_name_is_sent_before_the_certificate(trusted: Authorities) -> None:
    names: list[str | None] = []
    tls = tls_for("shop.localhost")
    tls.sni_callback = lambda _, name, __: names.append(name)
    url = "https://shop.localhost:{port}/"
    assert whole(delivered_to(answering(OK), url=url, tls=tls, authorities=trusted))[0] == 200
    assert names == ["shop.localhost"]


@pytest.mark.parametrize(
    ("names", "authority", "host", "sentence"),
    [
        (("localhost",), AUTHORITY, "127.0.0.1", "IP address mismatch"),
        (("127.0.0.1",), AUTHORITY, "localhost", "Hostname mismatch"),
        (("shop.localhost",), AUTHORITY, "other.localhost", "Hostname mismatch"),
        (("localhost",), trustme.CA(), "localhost", "unable to get local issuer certificate"),
    ],
)
def test_a_certificate_for_another_or_by_another_is_refused(
    trusted: Authorities, names: tuple[str, ...], authority: trustme.CA, host: str, sentence: str
) -> None:
    seen: list[bytes] = []
    outcome = delivered_to(
        answering(OK, seen),
        url=f"https://{host}:{{port}}/",
        tls=tls_for(*names, authority=authority),
        authorities=trusted,
    )
    kind, text = kind_and_text(outcome)
    assert (kind, seen) == ("tls", [])
    assert text.startswith("the certificate is refused: ")
    assert sentence in text


def test_without_the_file_its_authority_is_not_trusted() -> None:
    outcome = delivered_to(answering(OK), url="https://localhost:{port}/", tls=tls_for("localhost"))
    assert kind_and_text(outcome)[0] == "tls"


def test_a_receiver_without_tls_is_told_from_one_that_ends_it(trusted: Authorities) -> None:
    async def speak_first(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)

    url = "https://127.0.0.1:{port}/"
    spoke = kind_and_text(delivered_to(speak_first, url=url, authorities=trusted))
    closed = kind_and_text(delivered_to(close, url=url, authorities=trusted))
    assert (spoke[0], closed[0]) == ("tls", "tls")
    assert spoke[1].startswith("no TLS with the receiver: ")


def test_a_file_without_certificates_is_a_mistake_of_the_operator(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    for content in (
        b"",
        b"none",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ):
        file.write_bytes(content)
        with pytest.raises(SettingError, match=r"holds no certificate in PEM$"):
            Authorities(str(file))
    with pytest.raises(SettingError, match=r"^--webhook-ca .*cannot be read: No such file"):
        Authorities(str(tmp_path / "none.pem"))
    with pytest.raises(SettingError, match=r"cannot be read: Is a directory$"):
        Authorities(str(tmp_path))


# ---------------------------------------------------------------------------- the last guard

Dialled = list[tuple[str, int]]


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> Dialled:
    """Records where a connection would go, and opens none."""
    import httpcore

    places: Dialled = []

    async def connect(_: Any, host: str, port: int, **__: Any) -> Any:
        places.append((host, port))
        raise httpcore.ConnectError("recorded")

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    return places


FORBIDDEN = [
    "http://10.0.0.5/",
    "http://169.254.169.254/",
    "http://[::ffff:169.254.169.254]/",
    "http://2852039166/",
    "http://0.0.0.0:1/",
    "https://[fe80::1]/",
    "ftp://127.0.0.1/",
    "http://user:pw@127.0.0.1/",
    "http://127.0.0.1:8080/__admin/reset",
    "http://localhost:8080/vendor/api/leads/",
]


def guarded() -> Targets:
    targets = Targets()
    targets.own = {("127.0.0.1", 8080)}
    return targets


@pytest.mark.parametrize("url", FORBIDDEN)
def test_nothing_is_dialled_for_a_refused_target(url: str, dialled: Dialled) -> None:
    outcome = run(attempt(url, guarded()))
    assert (kind_and_text(outcome)[0], dialled) == ("refused-target", [])


Unchecked = Callable[[Targets, Destination], Awaitable[list[Address]]]


@pytest.mark.parametrize("url", [url for url in FORBIDDEN if "ftp" not in url and "@" not in url])
def test_the_last_guard_refuses_what_a_faulty_build_lets_through(
    url: str, dialled: Dialled, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mockserver.webhooks.targets import parsed

    async def unchecked(targets: Targets, destination: Destination) -> list[Address]:
        return list(targets._known(destination))

    monkeypatch.setattr(Targets, "destination", lambda _, url: parsed(url))
    monkeypatch.setattr(Targets, "addresses", unchecked)
    outcome = run(attempt(url, guarded()))
    assert (kind_and_text(outcome)[0], dialled) == ("refused-target", [])


def test_the_name_is_not_looked_up_a_second_time(
    dialled: Dialled, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [["127.0.0.1", "::1"], ["10.0.0.5"]]

    def rebind(_: str, port: int, **__: Any) -> Any:
        return [(0, 0, 0, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    outcome = run(attempt("http://rebound.test:9000/"))
    assert kind_and_text(outcome)[0] == "no-connection"
    assert dialled == [("127.0.0.1", 9000), ("::1", 9000)]
    assert answers == [["10.0.0.5"]]


def test_the_tests_themselves_cannot_leave_this_machine() -> None:
    with socket.socket() as outgoing, pytest.raises(AssertionError, match="leaves this machine"):
        outgoing.connect(("192.0.2.1", 80))
    with pytest.raises(AssertionError, match="looked up"):
        socket.getaddrinfo("hooks.example", 80)
    outcome = run(attempt("http://192.0.2.1/", Targets(["any"]), timeout=1))
    assert "leaves this machine" in kind_and_text(outcome)[1]


# ------------------------------------------------------------------------------- what it costs


def test_a_server_loads_no_client_before_its_first_delivery() -> None:
    program = (
        "import sys, mockserver.cli\n"
        "assert not {'httpcore', 'anyio', 'ssl', 'idna'} & set(sys.modules)\n"
        "from mockserver.app import create_app\n"
        "create_app(webhook_targets='any')\n"
        "print(sorted({'httpcore', 'anyio', 'h11', 'certifi', 'idna'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
