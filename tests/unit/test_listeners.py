"""Where a server listens: both loopback addresses, one address, a socket file."""

import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mockserver import MockServer
from mockserver.serving.listeners import ListenError, bind, bind_all, listen
from mockserver.settings import Settings


def has_ipv6() -> bool:
    try:
        bind("::1", 0).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
needs_files = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no socket files here")


@needs_ipv6
def test_localhost_means_both_families_on_one_port() -> None:
    listeners = bind_all("localhost", 0)
    addresses = [each.getsockname()[:2] for each in listeners]
    for each in listeners:
        each.close()
    port = addresses[0][1]
    assert addresses == [("127.0.0.1", port), ("::1", port)]


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
def test_an_address_means_that_address_alone(host: str) -> None:
    listeners = bind_all(host, 0)
    addresses = [each.getsockname()[0] for each in listeners]
    for each in listeners:
        each.close()
    assert addresses == [host]


def test_without_ipv6_localhost_means_the_address_of_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_ipv4(host: str, port: int) -> socket.socket:
        if ":" in host:
            raise OSError(99, "Cannot assign requested address")
        return bind(host, port)

    monkeypatch.setattr("mockserver.serving.listeners.bind", only_ipv4)
    (listener,) = bind_all("localhost", 0)
    assert listener.getsockname()[0] == "127.0.0.1"
    listener.close()


@needs_ipv6
def test_a_free_port_is_free_in_both_families(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def taken_at_first(host: str, port: int) -> socket.socket:
        tried.append(host)
        if tried == ["127.0.0.1", "::1"]:
            raise OSError(98, "Address already in use")
        return bind(host, port)

    monkeypatch.setattr("mockserver.serving.listeners.bind", taken_at_first)
    listeners = bind_all("localhost", 0)
    for each in listeners:
        each.close()
    assert (len(listeners), tried) == (2, ["127.0.0.1", "::1"] * 2)


@needs_ipv6
def test_a_port_that_is_taken_in_one_family_is_refused() -> None:
    with bind("::1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as caught:
            listen(Settings(port=port))
    assert str(caught.value).startswith(
        f"--host localhost, --port {port}: cannot listen there: Address already in use"
    )


@needs_ipv6
def test_a_server_answers_on_both_and_needs_no_token() -> None:
    with MockServer() as server:
        port = server.url.rpartition(":")[2]
        for host in ("127.0.0.1", "[::1]", "localhost"):
            answer = httpx.get(f"http://{host}:{port}/__admin/workspaces")
            assert answer.status_code == 200


@pytest.fixture
def path(tmp_path: Path) -> Iterator[str]:
    # The path of a socket has about a hundred bytes at most, and a test's folder is long.
    short = Path(f"/tmp/{os.getpid()}-{threading.get_ident()}.sock")
    yield str(short)
    short.unlink(missing_ok=True)


def by_file(path: str) -> httpx.Client:
    return httpx.Client(
        transport=httpx.HTTPTransport(uds=path), base_url="http://localhost", trust_env=False
    )


@needs_files
def test_a_socket_file_needs_no_token_and_is_its_owners_alone(path: str) -> None:
    with MockServer(unix=path, admin_token="s3cret-token") as server, by_file(path) as client:
        assert client.get("/__admin/workspaces").status_code == 200
        assert httpx.get(f"{server.url}/__admin/workspaces").status_code == 401
        assert client.get("/octanist/api/leads", headers={"X-API-KEY": "demo"}).status_code == 200
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert not os.path.exists(path)


@needs_files
def test_a_socket_file_is_no_way_for_web_pages(path: str) -> None:
    with MockServer(unix=path, admin_token="s3cret-token"), by_file(path) as client:
        answer = client.get("/__admin/workspaces", headers={"Host": "evil.example.com"})
        assert answer.status_code == 403


@needs_files
def test_a_socket_file_that_was_left_behind_is_replaced(path: str) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    with MockServer(unix=path), by_file(path) as client:
        assert client.get("/livez").status_code == 200


@needs_files
def test_a_socket_file_in_use_and_any_other_file_are_refused(path: str) -> None:
    with MockServer(unix=path), pytest.raises(ListenError) as caught:
        MockServer(unix=path)
    assert str(caught.value) == f"--unix {path}: cannot listen there: Address already in use"
    Path(path).write_text("mine", "utf-8")
    with pytest.raises(ListenError):
        MockServer(unix=path)
    assert Path(path).read_text("utf-8") == "mine"


@needs_files
def test_a_path_that_is_too_long_is_refused() -> None:
    with pytest.raises(ListenError) as caught:
        MockServer(unix="/tmp/" + "a" * 200)
    assert str(caught.value).endswith("cannot listen there: AF_UNIX path too long")
