"""Requests find their vendor by prefix or Host and their workspace by credential; everything else is answered plainly."""

import pkgutil
from collections.abc import Callable
from pathlib import Path as File

import httpx
import pytest

import mockserver.vendors
from mockserver.app import Application, create_app, load_vendors
from mockserver.errors import SettingError, UnreadableError
from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace

SELA, OCTANIST, NLPEARL = "/sela/api/leads/", "/octanist/api/leads", "/nlpearl/v2/Pearl"
OPEN = "/sela/api/lead-ingestion/3f0c1a52-7d6b-4c58-9a0e-5b1f6f2d8e11/"


CREDENTIALS = {vendor.name: vendor.credential for vendor in load_vendors()}


def credential(vendor: str, account: str) -> dict[str, str]:
    """The header by which that vendor's clients give the account."""
    return dict(CREDENTIALS[vendor].headers(account))


every_vendor = pytest.mark.parametrize(
    ("vendor", "path"), [pytest.param("sela", SELA, id="sela"), pytest.param("octanist", OCTANIST, id="octanist"), pytest.param("nlpearl", NLPEARL, id="nlpearl")]
)  # fmt: skip  # one line for the three of them


def test_every_vendor_module_is_served(server: MockServer) -> None:
    modules = pkgutil.iter_modules(mockserver.vendors.__path__)
    assert (
        [site.vendor.name for site in server.app.sites]
        == [vendor.name for vendor in load_vendors()]
        == sorted(module.name for module in modules)
    )


@every_vendor
def test_a_vendor_is_found_by_the_first_step_of_the_path(
    vendor: str, path: str, server: MockServer, account: str
) -> None:
    assert httpx.get(server.url + path, headers=credential(vendor, account)).status_code == 200


@every_vendor
def test_a_vendor_answers_the_same_by_its_own_host_name(
    vendor: str, path: str, server: MockServer, account: str
) -> None:
    host = next(site.document.host for site in server.app.sites if site.vendor.name == vendor)
    headers = credential(vendor, account)
    by_host = httpx.get(
        server.url + path.removeprefix(f"/{vendor}"), headers=headers | {"Host": host}
    )
    assert (by_host.status_code, by_host.headers["content-type"]) == (
        200,
        httpx.get(server.url + path, headers=headers).headers["content-type"],
    )


@pytest.mark.parametrize(
    ("host", "path"),
    [
        pytest.param("api.trysela.com", "/api/leads/", id="Sela"),
        pytest.param("api.trysela.com:8080", "/api/leads/", id="with a port"),
        pytest.param("API.TrySela.COM", "/api/leads/", id="in capitals"),
        pytest.param("Octanist.com:80", "/api/leads", id="Octanist, in capitals with a port"),
        pytest.param("api.nlpearl.ai", "/v2/Pearl", id="NLPearl"),
        pytest.param("octanist.com", SELA, id="a prefix wins over a host"),
    ],
)
def test_a_host_is_compared_without_port_and_letter_case(
    host: str, path: str, server: MockServer
) -> None:
    assert httpx.get(server.url + path, headers={"Host": host}).status_code == 401


@pytest.mark.parametrize(
    "host", ["trysela.com", "api.trysela.com.example", "xapi.trysela.com", "[::1]:80", "localhost"]
)
def test_another_host_is_no_vendor(host: str, server: MockServer) -> None:
    assert httpx.get(server.url + "/api/leads/", headers={"Host": host}).status_code == 404


@pytest.mark.parametrize(("path", "status"), [("/livez", "alive"), ("/readyz", "ready")])
def test_the_server_says_that_it_is_there(path: str, status: str, server: MockServer) -> None:
    response = httpx.get(server.url + path)
    assert (response.status_code, response.json()) == (200, {"status": status})
    head, post = httpx.head(server.url + path), httpx.post(server.url + path)
    assert (head.status_code, head.headers.raw) == (200, response.headers.raw)
    assert (post.status_code, set(post.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


MEANT = " Probably meant: GET /sela/api/leads/ (leads_list)."


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/", ""),
        ("/nothing", ""),
        ("/selan/api/leads/", MEANT),
        ("/api/leads/", MEANT),
        ("//sela/api/leads/", MEANT),
        ("/SELA/api/leads/", MEANT),
    ],
)
def test_an_unknown_prefix_is_told_the_known_ones(
    path: str, meant: str, server: MockServer
) -> None:
    response = httpx.get(server.url + path)
    apis = ", ".join(f"/{vendor.name}" for vendor in load_vendors())
    detail = f"Nothing is served at {path}. The APIs begin with {apis}, /__admin.{meant}"
    assert (response.status_code, response.headers["content-type"], response.json()) == (
        404,
        "application/problem+json",
        {"title": "Not Found", "status": 404, "detail": detail},
    )


@pytest.mark.parametrize(
    "path", ["/sela", "/sela/", "/octanist", "/octanist/", "/nlpearl", "/nlpearl/"]
)
def test_the_bare_prefix_is_the_vendors_own_404(path: str, server: MockServer) -> None:
    response = httpx.get(server.url + path)
    assert (response.status_code, "Nothing is served" in response.text) == (404, False)


# -------------------------------------------------------------------------------------------------------------- workspaces


def test_one_account_name_in_three_credentials_is_one_world(
    server: MockServer, account: str, workspace: Workspace
) -> None:
    for vendor, path in (("sela", SELA), ("octanist", OCTANIST), ("nlpearl", NLPEARL)):
        assert httpx.get(server.url + path, headers=credential(vendor, account)).status_code == 200
    assert (workspace.name, workspace.requests) == (account, 3)


@every_vendor
@pytest.mark.parametrize("account", ["invalid", "expired"])
def test_two_accounts_are_always_refused(
    vendor: str, path: str, account: str, server: MockServer
) -> None:
    assert httpx.get(server.url + path, headers=credential(vendor, account)).status_code == 401


@every_vendor
def test_no_credential_is_refused(vendor: str, path: str, server: MockServer) -> None:
    assert httpx.get(server.url + path).status_code == 401


@every_vendor
@pytest.mark.parametrize(
    ("account", "status"),
    [
        pytest.param("me", 200, id="declared"),
        pytest.param("demo", 401, id="the default"),
        pytest.param("you", 401, id="another"),
        pytest.param("invalid", 401, id="one that never gets in"),
    ],
)
def test_strict_admits_only_the_accounts_of_the_fixture(
    vendor: str, path: str, account: str, status: int, *, serve: Callable[..., str], tmp_path: File
) -> None:
    (tmp_path / "seed.yaml").write_text("accounts: [me]\n", "utf-8")
    url = serve(auth="strict", fixtures=str(tmp_path / "seed.yaml"))
    assert httpx.get(url + path, headers=credential(vendor, account)).status_code == status


def test_strict_leaves_an_open_endpoint_open_and_its_account_undeclared(
    serve: Callable[..., str],
) -> None:
    url = serve(auth="strict")
    opened = httpx.post(url + OPEN, json={"contact": {"phone": "+12025550199"}})
    told = httpx.get(url + SELA, headers=credential("sela", "demo"))
    assert (opened.status_code, told.status_code) == (201, 401)


def test_a_long_key_never_shows(server: MockServer) -> None:
    key = "sk_live_" + "0" * 40
    assert httpx.get(server.url + OCTANIST, headers={"X-API-KEY": key}).status_code == 200
    assert [each.name for each in server.app.workspaces if "sk_live" in each.name] == []


def test_accounts_past_the_limit_are_refused_and_the_others_go_on(
    serve: Callable[..., str],
) -> None:
    url = serve(max_workspaces=1)  # the default workspace's place
    found = [
        httpx.get(url + OCTANIST, headers={"X-API-KEY": account}).status_code
        for account in ("demo", "two", "three", "demo")
    ]
    assert found == [200, 403, 403, 200]


# ------------------------------------------------------------------------------------------------------------------- start


def test_an_application_takes_the_options_of_the_command_line() -> None:
    app = create_app(fixtures="empty", seed=5, max_workspaces="3")
    assert (
        type(app),
        app.settings.seed,
        app.settings.max_workspaces,
        app.workspaces.origin.seed,
    ) == (Application, 5, 3, 5)


def test_a_bad_option_stops_the_start() -> None:
    with pytest.raises(
        SettingError,
        match=r"--port \(or MOCKSERVER_PORT\) is 'x', but must be an integer from 0 to 65535",
    ):
        create_app(port="x")


def test_a_bad_fixture_stops_the_start(tmp_path: File) -> None:
    with pytest.raises(
        UnreadableError, match=r"none\.yaml: cannot be read: No such file or directory"
    ):
        create_app(fixtures=str(tmp_path / "none.yaml"))


def test_a_server_serves_until_it_is_stopped() -> None:
    with MockServer(fixtures="empty") as server:
        assert httpx.get(server.url + "/livez").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url + "/livez")
