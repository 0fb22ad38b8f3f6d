"""A server with its options: what it takes for a target, and what for itself."""

import pytest

from mockserver.errors import SettingError
from mockserver.serving.server import MockServer


def test_a_server_is_no_target_of_its_own_webhooks(server: MockServer) -> None:
    objection = server.app.targets.objection
    port = server.url.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]"):
        assert objection(f"http://{host}:{port}/__admin/reset") is not None
    assert objection("http://127.0.0.1:1/") is None


def test_the_hosts_of_vendors_are_no_targets(server: MockServer) -> None:
    hosts = [site.document.host for site in server.app.sites]
    assert [server.app.targets.objection(f"https://{host}/x") for host in hosts] == [
        f"{host} is a host name of this server" for host in hosts
    ]


def test_the_port_with_tls_is_no_target_either() -> None:
    with MockServer(fixtures="empty", tls=True) as encrypted:
        (port,) = {port for _, port in encrypted.app.targets.own} - {
            int(encrypted.url.rpartition(":")[2])
        }
        assert encrypted.app.targets.objection(f"https://localhost:{port}/") is not None


def test_a_server_on_all_addresses_is_found_by_each_of_them() -> None:
    with MockServer(fixtures="empty", host="0.0.0.0", admin_token="s3cret-t") as wide:
        port = wide.url.rpartition(":")[2]
        assert wide.app.targets.objection(f"http://127.0.0.77:{port}/") is not None


def test_the_option_reaches_the_targets() -> None:
    with MockServer(fixtures="empty", webhook_targets="10.0.0.0/8, app:9000") as server:
        objection = server.app.targets.objection
        urls = ("http://10.0.0.5/", "http://app:9000/", "http://11.0.0.5/")
        assert [objection(url) is None for url in urls] == [True, True, False]


def test_a_file_without_authorities_stops_the_start() -> None:
    with pytest.raises(SettingError, match=r"^--webhook-ca none.pem: cannot be read"):
        MockServer(webhook_ca="none.pem")
