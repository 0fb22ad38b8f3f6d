"""TLS, on its own port and in a tunnel: what is read and refused there is what the plain port does."""

import logging
import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from mockserver.faults.delivery import Answer
from mockserver.serving.exchange import App
from mockserver.serving.limits import Limits
from tests.serving.door import Service, no_application, rest_of, talk, whole
from tests.serving.encrypted import (
    CONNECT,
    OPEN,
    VENDOR,
    WAYS,
    Doors,
    first_answer,
    serving_encrypted,
)
from tests.serving.test_hostile import END, ENDED, READ, REFUSED, kept, seen

LIMITS = Limits(max_body=100_000)


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    with serving_encrypted(Service(seen, no_application), LIMITS) as doors:
        yield doors


@pytest.mark.parametrize("case", READ)
@pytest.mark.parametrize("way", WAYS)
def test_a_request_is_read_as_on_the_plain_port(doors: Doors, way: str, case: str) -> None:
    data, understood = READ[case]
    with WAYS[way](doors) as connection:
        connection.sendall(data + END)
        assert rest_of(connection) == kept(understood) + ENDED


@pytest.mark.parametrize("case", [case for case in READ if len(READ[case][0]) < 150])
@pytest.mark.parametrize("way", WAYS)
def test_it_is_read_wherever_its_records_end(doors: Doors, way: str, case: str) -> None:
    data, understood = READ[case]
    with WAYS[way](doors) as connection:
        for byte in data + END:
            connection.sendall(bytes([byte]))
        assert rest_of(connection) == kept(understood) + ENDED


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_request_is_refused_as_on_the_plain_port(
    doors: Doors, way: str, case: str
) -> None:
    status, data = REFUSED[case]
    with WAYS[way](doors) as connection:
        connection.sendall(data if "without an end" in case else data + END)
        answer = first_answer(connection)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("way", WAYS)
def test_a_client_that_is_refused_while_it_sends_reads_why(doors: Doors, way: str) -> None:
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n"
    with WAYS[way](doors) as connection:
        connection.sendall(head)
        connection.sendall(b"a" * 3_000_000)
        assert b"too large" in first_answer(connection)


@pytest.mark.parametrize("way", WAYS)
def test_a_client_that_sends_no_more_is_answered(doors: Doors, way: str) -> None:
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n"
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    inner = doors.context.wrap_bio(incoming, outgoing, server_hostname=VENDOR)
    with socket.create_connection(
        doors.plain if way == "tunnel" else doors.encrypted
    ) as connection:
        connection.sendall(CONNECT * (way == "tunnel"))
        if way == "tunnel":
            assert connection.recv(len(OPEN)) == OPEN
        _shake_hands(inner, incoming, outgoing, connection)
        inner.write(head)
        inner.write(b"a" * 90_000)
        connection.sendall(outgoing.read())
        connection.shutdown(socket.SHUT_WR)
        incoming.write(rest_of(connection))
    assert b"".join(iter(lambda: inner.read(1 << 16), b"")).endswith(b"a" * 90_000)


def test_a_tunnel_may_carry_plain_http(doors: Doors) -> None:
    data, understood = READ["a body"]
    assert talk(doors.plain, CONNECT + data + END) == OPEN + kept(understood) + ENDED


def test_requests_before_a_tunnel_are_answered_first(doors: Doors) -> None:
    data, understood = READ["a body"]
    expected = kept(understood) + OPEN + kept(understood) + ENDED
    assert talk(doors.plain, data + CONNECT + data + END) == expected


def test_a_client_may_send_its_greeting_with_the_connect(doors: Doors) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    inner = doors.context.wrap_bio(incoming, outgoing, server_hostname=VENDOR)
    with pytest.raises(ssl.SSLWantReadError):
        inner.do_handshake()
    with socket.create_connection(doors.plain, timeout=10) as connection:
        connection.sendall(CONNECT + outgoing.read())
        assert connection.recv(len(OPEN)) == OPEN
        _shake_hands(inner, incoming, outgoing, connection)
    assert inner.version() == "TLSv1.3"


def _shake_hands(
    inner: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, carrier: socket.socket
) -> None:
    while True:
        try:
            inner.do_handshake()
            return
        except ssl.SSLWantReadError:
            carrier.sendall(outgoing.read())
            incoming.write(carrier.recv(1 << 16))


NO_TUNNEL = {
    "another host": (403, b"CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n"),
    "this machine": (403, b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n"),
    "a name that begins like a vendor's": (
        403,
        b"CONNECT vendor.example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    "no port": (400, b"CONNECT vendor.example HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a path": (400, b"CONNECT /vendor.example:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a whole address": (400, b"CONNECT https://vendor.example:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a user": (400, b"CONNECT me@vendor.example:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "no host header": (400, b"CONNECT vendor.example:443 HTTP/1.1\r\n\r\n"),
    "a body": (
        400,
        b"CONNECT vendor.example:443 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na",
    ),
}


@pytest.mark.parametrize("case", NO_TUNNEL)
def test_there_is_no_tunnel_to(doors: Doors, case: str) -> None:
    status, data = NO_TUNNEL[case]
    answer = talk(doors.plain, data)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("way", WAYS)
def test_there_is_no_tunnel_within_tls(doors: Doors, way: str) -> None:
    with WAYS[way](doors) as connection:
        connection.sendall(CONNECT)
        assert first_answer(connection).startswith(b"HTTP/1.1 501 ")


@pytest.mark.parametrize(
    ("host", "status"),
    [("vendor.example", 200), ("VENDOR.example.:80", 200), ("shop:1", 200), ("shop.example", 403)],
)
def test_an_absolute_target_is_served_for_hosts_that_are_here(
    doors: Doors, host: str, status: int
) -> None:
    target = f"GET http://{host}/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert talk(doors.plain, target.encode()).startswith(b"HTTP/1.1 %d " % status)


def test_plain_http_on_the_port_with_tls_is_told_so(doors: Doors) -> None:
    answer = talk(doors.encrypted, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"This port speaks TLS: use https://.")


def test_a_client_without_trust_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    distrusting = ssl.create_default_context()
    with serving_encrypted(Service(seen, no_application)) as doors:
        connection = socket.create_connection(doors.encrypted, timeout=10)
        with connection, pytest.raises(ssl.SSLCertVerificationError):
            distrusting.wrap_socket(connection, server_hostname=VENDOR)
        _wait_for(lambda: "does not trust this server's certificate" in caplog.text)


def _wait_for(condition: Any) -> None:
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


BROKEN = {
    "bytes at random": b"\x16" + os.urandom(500),
    "a record that is too long": b"\x16\x03\x01\xff\xff" + bytes(70_000),
    "an alert": b"\x16\x03\x01\x00\x02\x01\x00",
    "half a greeting, then the end": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("is_tunnel", [False, True])
def test_a_broken_handshake_ends_the_connection(
    doors: Doors, case: str, is_tunnel: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    address = doors.plain if is_tunnel else doors.encrypted
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(CONNECT * is_tunnel + BROKEN[case])
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            rest_of(connection)
    assert [record.name for record in caplog.records if record.name != "mockserver"] == []


@pytest.mark.parametrize("is_tunnel", [False, True])
def test_a_client_that_stops_in_the_handshake_is_dropped_like_a_slow_head(is_tunnel: bool) -> None:
    limits = Limits(head_timeout=0.2)
    with serving_encrypted(Service(seen, no_application), limits) as doors:
        address = doors.plain if is_tunnel else doors.encrypted
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall(CONNECT * is_tunnel + b"\x16\x03\x01\x02\x00")
            began = time.monotonic()
            with suppress(ConnectionResetError):
                rest_of(connection)
            assert time.monotonic() - began < 3


def test_a_client_that_stops_before_its_handshake_is_dropped_like_an_idle_one() -> None:
    service = Service(seen, no_application)
    with (
        serving_encrypted(service, Limits(idle_timeout=0.2)) as doors,
        socket.create_connection(doors.encrypted, timeout=10) as connection,
    ):
        assert rest_of(connection) == b""


def test_an_answer_in_pieces_is_sent_with_tls() -> None:
    async def in_pieces(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50):
            await send({"type": "http.response.body", "body": b"a" * 10_000, "more_body": True})
        await send({"type": "http.response.body", "body": scope["scheme"].encode()})

    def later(scope: Any, raw: bytes | None) -> Answer | App:
        return in_pieces

    with serving_encrypted(Service(later, in_pieces)) as doors, doors.by_tunnel() as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert rest_of(connection).endswith(b"a" * 10_000 + b"https")


def test_a_server_stops_while_clients_are_connected_with_tls() -> None:
    with serving_encrypted(Service(lambda scope, raw: whole(b""), no_application)) as doors:
        connections = [doors.by_port(), doors.by_tunnel()]
        silent = socket.create_connection(doors.encrypted)
        shaking = socket.create_connection(doors.encrypted)
        shaking.sendall(b"\x16\x03\x01\x02\x00")
        connections[0].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        first_answer(connections[0])
        began = time.monotonic()
    took = time.monotonic() - began
    for each in (*connections, silent, shaking):
        each.close()
    assert took < 2
