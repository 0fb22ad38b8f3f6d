"""The certificate that clients have to trust, as the control API tells it."""

import ssl

import httpx
import pytest

from mockserver import MockServer
from mockserver.client import ControlError


def test_it_is_told_without_a_token_and_opens_the_port_with_tls() -> None:
    with MockServer(tls=True, admin_token="s3cret-token") as server:
        answer = httpx.get(f"{server.url}/__admin/authority.pem")
        context = ssl.create_default_context(cadata=answer.text)
        health = httpx.get(f"{server.tls_url}/__admin/health", verify=context).json()
        base_urls = set(health["base_urls"].values())
    assert answer.headers["content-type"] == "application/x-pem-file"
    assert all(url.startswith(server.tls_url) for url in base_urls)


def test_a_server_without_an_authority_says_why() -> None:
    with MockServer() as server, pytest.raises(ControlError) as caught:
        server.client.authority()
    assert (caught.value.status, "--tls" in str(caught.value)) == (404, True)


def test_the_client_reads_it() -> None:
    with MockServer(tls=True) as server:
        assert server.client.authority().startswith("-----BEGIN CERTIFICATE-----")


def test_links_within_tls_are_https() -> None:
    with MockServer(tls=True) as server:
        context = ssl.create_default_context(cadata=server.client.authority())
        url = f"{server.tls_url}/sela/api/leads/?page_size=1"
        answer = httpx.get(url, headers={"Authorization": "Token demo"}, verify=context)
    assert answer.json()["next"].startswith(f"{server.tls_url}/sela/api/leads/?")
