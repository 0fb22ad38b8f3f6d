"""Clients that reach the server under a vendor's name, each told the address its own way."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockserver import MockServer

NODE_LOOKUP = """
const https = require("https"), fs = require("fs");
https.get("https://octanist.com:" + process.env.PORT + "/api/leads", {
  ca: fs.readFileSync(process.env.CA), headers: { "X-API-KEY": "demo" },
  lookup: (name, options, found) =>
    options.all ? found(null, [{ address: "127.0.0.1", family: 4 }]) : found(null, "127.0.0.1", 4),
}, (answer) => { console.log(answer.statusCode); answer.resume(); });
"""
NODE_FILE = """
require("http").get({
  socketPath: process.env.FILE, path: "/octanist/api/leads", headers: { "X-API-KEY": "demo" },
}, (answer) => { console.log(answer.statusCode); answer.resume(); });
"""
PYTHON = """
import os, socket, ssl, urllib.request
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, port, *rest, **more: resolve(
    "127.0.0.1", int(os.environ["PORT"]), *rest, **more
)
request = urllib.request.Request("https://octanist.com/api/leads", headers={"X-API-KEY": "demo"})
context = ssl.create_default_context(cafile=os.environ["CA"])
print(urllib.request.urlopen(request, context=context).status)
"""
GO = """
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
)

func main() {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+os.Getenv("PORT"))
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial}}
	request, _ := http.NewRequest("GET", "https://octanist.com/api/leads", nil)
	request.Header.Set("X-API-KEY", "demo")
	answer, err := client.Do(request)
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.StatusCode)
}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = f"/tmp/{os.getpid()}-named.sock"  # a socket's path is short
    yield path
    Path(path).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def server(file: str) -> Iterator[MockServer]:
    unix = file if hasattr(socket, "AF_UNIX") else ""
    with MockServer(tls=True, unix=unix) as server:
        yield server


def run(server: MockServer, folder: Path, program: str, *arguments: str) -> str:
    """What the program prints; CA and PORT are in its environment."""
    if shutil.which(program) is None:
        pytest.skip(f"this machine has no {program}")
    authority = folder / "authority.pem"
    authority.write_text(server.client.authority(), "utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    given = {"CA": str(authority), "PORT": port_of(server), "SSL_CERT_FILE": str(authority)}
    done = subprocess.run(
        [program, *arguments],
        env=kept | given,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def port_of(server: MockServer) -> str:
    return str(urlsplit(server.tls_url).port)


STATUS = ("-sS", "-o", os.devnull, "-w", "%{http_code}", "-H", "X-API-KEY: demo")


def test_curl_is_told_where_to_connect_to(server: MockServer, tmp_path: Path) -> None:
    there = f"octanist.com:443:127.0.0.1:{port_of(server)}"
    trust = ("--cacert", str(tmp_path / "authority.pem"))
    url = "https://octanist.com/api/leads"
    assert run(server, tmp_path, "curl", *STATUS, *trust, "--connect-to", there, url) == "200"


def test_node_is_told_by_its_lookup(server: MockServer, tmp_path: Path) -> None:
    assert run(server, tmp_path, "node", "-e", NODE_LOOKUP) == "200"


def test_python_is_told_by_its_resolver(server: MockServer, tmp_path: Path) -> None:
    assert run(server, tmp_path, sys.executable, "-c", PYTHON) == "200"


@pytest.mark.slow
def test_go_is_told_by_its_dialler(server: MockServer, tmp_path: Path) -> None:
    (tmp_path / "client.go").write_text(GO, "utf-8")
    assert run(server, tmp_path, "go", "run", "client.go") == "200"


needs_files = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no socket files here")


@needs_files
def test_curl_comes_by_the_socket_file(server: MockServer, tmp_path: Path, file: str) -> None:
    url = "http://localhost/octanist/api/leads"
    assert run(server, tmp_path, "curl", *STATUS, "--unix-socket", file, url) == "200"


@needs_files
def test_node_comes_by_the_socket_file(server: MockServer, tmp_path: Path, file: str) -> None:
    script = NODE_FILE.replace("process.env.FILE", f'"{file}"')
    assert run(server, tmp_path, "node", "-e", script) == "200"
