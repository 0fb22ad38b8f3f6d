"""Where a delivery may go, and why not."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest

from mockserver.webhooks.lookup import NameNotFound
from mockserver.webhooks.targets import Destination, RefusedTarget, Targets, parsed

OWN = {("127.0.0.1", 8080), ("::1", 8080)}

LOOPBACK = """
http://127.0.0.1/
http://127.0.0.1:9000/hook?a=b
https://127.0.0.1/
HTTP://127.0.0.1/
http://127.1/
http://127.0.1/
http://2130706433/
http://0x7f000001/
http://0x7F.0.0.1/
http://0177.0.0.1/
http://0177.0x0.1/
http://127.0.0.1./
http://127.255.255.254/
http://[::1]/
http://[0:0:0:0:0:0:0:1]:9000/
http://[::ffff:127.0.0.1]/
http://[::FFFF:7f00:1]/
http://localhost/
http://LOCALHOST./
http://shop.localhost:9000/
http://１２７.０.０.１/
http://①②⑦.⓪.⓪.①/
http://127。0。0。1/
http://ｌｏｃａｌｈｏｓｔ/
http://127.0.0.1:/
http://127.0.0.1
http://127.0.0.1?q
http://127.0.0.1#part
""".split()

NOT_LOOPBACK = """
http://10.0.0.5/
http://192.168.1.1/
http://172.16.0.1/
http://8.8.8.8/
http://0x8.8.8.8/
http://010.0.0.1/
http://134744072/
http://[fd00::1]/
http://[2001:db8::1]/
http://[fec0::1]/
http://[::ffff:10.0.0.5]/
http://[64:ff9b::10.0.0.5]/
http://[64:ff9b::8.8.8.8]/
http://[2002:808:808::1]/
http://[2001:0:808:808::f7f7:f7f7]/
http://[2001:db8::5efe:808:808]/
http://１０.０.０.５/
http://128.0.0.1/
http://126.255.255.255/
""".split()

NEVER = """
http://169.254.169.254/
http://169.254.0.1/
http://2852039166/
http://0xa9fea9fe/
http://0251.0376.0251.0376/
http://169.254.43518/
http://169.254.169.254./
http://１６９.２５４.１６９.２５４/
http://[::ffff:169.254.169.254]/
http://[::ffff:a9fe:a9fe]/
http://[::169.254.169.254]/
http://[::ffff:0:169.254.169.254]/
http://[64:ff9b::169.254.169.254]/
http://[64:ff9b::a9fe:a9fe]/
http://[64:ff9b:1::a9fe:a9fe]/
http://[64:ff9b:1:a9fe:a9:fe00::]/
http://[2002:a9fe:a9fe::]/
http://[2001:0:a9fe:a9fe::1]/
http://[2001:0:808:808:0:0:5601:5601]/
http://[2001:db8::5efe:a9fe:a9fe]/
http://[2001:db8::200:5efe:a9fe:a9fe]/
http://[fe80::1]/
http://[febf::1]/
http://0.0.0.0/
http://0.0.0.0:1/
http://0/
http://00/
http://0x0/
http://0.1.2.3/
http://[::]/
http://[::ffff:0.0.0.0]/
http://224.0.0.1/
http://239.255.255.250/
http://[ff02::1]/
http://240.0.0.1/
http://255.255.255.255/
http://100.100.100.200/
http://168.63.129.16/
http://192.0.0.192/
http://[fd00:ec2::254]/
http://[fd20:ce::254]/
http://[fd00:42::42]/
http://[64:ff9b::127.0.0.1]/
http://[2002:7f00:1::1]/
http://[::127.0.0.1]/
http://metadata.google.internal/computeMetadata/v1/
http://METADATA.google.internal./
http://ｍｅｔａｄａｔａ/
http://metadata/
http://metadata.goog/
http://instance-data/latest/
http://instance-data.ec2.internal/
http://metadata.azure.internal/
http://metadata.tencentyun.com/
""".split()

NO_URL = [
    "",
    "hook",
    "/hook",
    "//127.0.0.1/",
    "127.0.0.1:9000/hook",
    "localhost:9000",
    "inbox:crm",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "unix:///run/docker.sock",
    "ws://127.0.0.1/",
    "javascript:alert(1)",
    "http:/127.0.0.1/",
    "http:127.0.0.1/",
    "http://",
    "http:///hook",
    "http://:80/",
    "http://?",
    "http://user:pw@127.0.0.1/",
    "http://user@127.0.0.1/",
    "http://@127.0.0.1/",
    "http://:@127.0.0.1/",
    "http://127.0.0.1@10.0.0.5/",
    "http://127.0.0.1\\@10.0.0.5/",
    "http://127.0.0.1\\.10.0.0.5/",
    "http://127.0.0.1%2f@10.0.0.5/",
    "http://127.0.0.%31/",
    "http://%31%32%37.0.0.1/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:65536/",
    "http://127.0.0.1:99999999999/",
    "http://127.0.0.1:-1/",
    "http://127.0.0.1:+80/",
    "http://127.0.0.1:８０/",
    "http://127.0.0.1:http/",
    "http://127.0.0.1:80:80/",
    "http://127.0.0.1..",
    "http://.127.0.0.1/",
    "http://127..1/",
    "http://1.2.3.4.5/",
    "http://256.0.0.1/",
    "http://127.0.0.256/",
    "http://127.16777216/",
    "http://4294967296/",
    "http://0x100000000/",
    "http://0x/",
    "http://08.0.0.1/",
    "http://127.0.0.0x1g/",
    "http://a.1/",
    "http://localhost.1/",
    "http://::1/",
    "http://[::1/",
    "http://::1]/",
    "http://[]/",
    "http://[127.0.0.1]/",
    "http://[::1%25eth0]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1]10.0.0.5/",
    "http://10.0.0.5[::1]/",
    "http://[v1.fe80]/",
    "http://[:::1]/",
    "http://[::g]/",
    "http://a b/",
    "http://local host/",
    "http://a_.b-/",
    "http://-a/",
    "http://a..b/",
    "http://*/",
    "http://{{metadata.host}}/",
    "http://a℀b/",
    "http://xn--/",
    "http://\u202e/",
    "http://" + "a" * 64 + "/",
    "http://" + "a." * 130 + "a/",
    "http://127.0.0.1/" + "a" * 8192,
    "http://127.0.0.1/\r\nHost: 10.0.0.5",
    "http://127.0.0.1\n/",
    "ht\ntp://127.0.0.1/",
    "http://127.0.0.1/\x00",
    "http://127.0.0.1/\x7f",
    " http://127.0.0.1/",
    "http://127.0.0.1/ ",
    "http://127.0.0.1/\ud800",
    "http://\ud800/",
]


class NameServer:
    """Stands in for the system's look-up: answers from a table, and counts."""

    def __init__(self, names: dict[str, Sequence[str]]) -> None:
        self.names = names
        self.asked: list[tuple[Any, ...]] = []

    def __call__(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        self.asked.append((host, port))
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, 0, 0, "", (address, port)) for address in self.names[host]]


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> NameServer:
    server = NameServer(
        {
            "shop.test": ["127.0.0.1", "::1"],
            "app": ["10.0.0.5", "10.0.0.6"],
            "mixed.test": ["127.0.0.1", "10.0.0.5"],
            "far.test": ["93.184.216.34"],
            "rebound.test": ["93.184.216.34", "169.254.169.254"],
            "mapped.test": ["::ffff:169.254.169.254"],
            "local.test": ["fe80::1%2"],
            "xn--mnchen-3ya.example": ["10.0.0.5"],
            "own.test": ["127.0.0.1"],
        }
    )
    monkeypatch.setattr(socket, "getaddrinfo", server)
    return server


def addresses(targets: Targets, url: str) -> list[str] | str:
    """What a look-up gives, or why nothing may be sent there."""

    async def story() -> list[str]:
        return list(map(str, await targets.addresses(targets.destination(url))))

    try:
        return asyncio.run(story())
    except (RefusedTarget, NameNotFound) as error:
        return str(error)


@pytest.mark.parametrize("url", LOOPBACK)
def test_loopback_is_a_target_in_every_form(url: str) -> None:
    assert Targets().objection(url) is None


@pytest.mark.parametrize("url", LOOPBACK)
def test_what_means_loopback_is_dialled_as_loopback(url: str) -> None:
    found = addresses(Targets(), url)
    assert all(ip_address(address).is_loopback for address in found)
    assert found


@pytest.mark.parametrize("url", NOT_LOOPBACK)
def test_other_addresses_are_targets_only_if_the_operator_names_them(url: str) -> None:
    reason = Targets().objection(url)
    assert reason is not None
    assert reason.endswith(" is not loopback, and --webhook-targets does not name it")
    assert Targets(["any"]).objection(url) is None


@pytest.mark.parametrize("url", NEVER)
def test_some_addresses_and_names_are_never_targets(url: str) -> None:
    everything = Targets(["any", "private", "0.0.0.0/0", "::/0", "metadata", "169.254.169.254"])
    assert Targets().objection(url) is not None
    assert everything.objection(url) is not None


@pytest.mark.parametrize("url", [pytest.param(url, id=ascii(url)[:40]) for url in NO_URL])
def test_what_is_no_plain_url_is_no_target(url: str) -> None:
    assert Targets(["any"]).objection(url) is not None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://10.0.0.5/", "10.0.0.5 is not loopback, and --webhook-targets does not name it"),
        (
            "http://2852039166/",
            "2852039166 (169.254.169.254) is a link-local address: nothing is sent there",
        ),
        (
            "http://[64:ff9b::a9fe:a9fe]/",
            "64:ff9b::a9fe:a9fe, which holds 169.254.169.254, is a link-local address: nothing is sent there",
        ),
        ("ftp://127.0.0.1/", "only http:// and https:// URLs are called"),
        ("http://a:b@127.0.0.1/", "the URL holds credentials: give them as a header"),
        ("http://127.0.0.1:0/", "the port of the URL is not between 1 and 65535"),
        ("http://256.1.1.1/", "256.1.1.1 is no valid address"),
        ("http://metadata/", "metadata is a cloud's metadata service"),
        (
            "http://127.0.0.1:8080/x",
            "127.0.0.1:8080 is this server itself: only inboxes are targets here",
        ),
        ("http://vendor.example/", "vendor.example is a host name of this server"),
    ],
)
def test_a_refusal_says_which_rule_did_it(url: str, reason: str) -> None:
    targets = Targets()
    targets.own = OWN
    targets.own_names = {"vendor.example"}
    assert targets.objection(url) == reason


@pytest.mark.parametrize(
    ("allowed", "url", "may"),
    [
        ("10.0.0.0/8", "http://10.200.0.1/", True),
        ("10.0.0.0/8", "http://11.0.0.1/", False),
        ("10.0.0.0/8", "http://127.0.0.1/", True),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.1]/", True),
        ("10.0.0.0/8", "http://[64:ff9b::a00:1]/", True),
        ("10.0.0.0/8", "http://0x0a000001/", True),
        ("10.0.0.1/8", "http://10.9.9.9/", True),
        ("64:ff9b::/96", "http://[64:ff9b::a00:1]/", False),
        ("10.0.0.7", "http://10.0.0.7:9000/", True),
        ("10.0.0.7", "http://10.0.0.8:9000/", False),
        ("10.0.0.7:9000", "http://10.0.0.7:9000/", True),
        ("10.0.0.7:9000", "http://10.0.0.7/", False),
        ("fd00::/8", "http://[fd00::7]/", True),
        ("fd00::/8", "http://[fd00:ec2::254]/", False),
        ("[fd00::7]:9000", "http://[fd00::7]:9000/", True),
        ("[fd00::7]:9000", "http://[fd00::7]/", False),
        ("[fd00::7]", "http://[fd00::7]/", True),
        ("private", "http://172.31.255.255/", True),
        ("private", "http://172.32.0.0/", False),
        ("private", "http://192.168.0.1/", True),
        ("private", "http://[fd12::1]/", True),
        ("private", "http://[64:ff9b::8.8.8.8]/", False),
        ("private", "http://169.254.1.1/", False),
        ("any", "http://8.8.8.8/", True),
        ("0.0.0.0/0", "http://8.8.8.8/", True),
        ("0.0.0.0/0", "http://169.254.169.254/", False),
        ("app", "http://10.0.0.5/", False),
    ],
)
def test_an_item_names_addresses(allowed: str, url: str, may: bool) -> None:
    assert (Targets([allowed]).objection(url) is None) is may


@pytest.mark.parametrize(
    ("allowed", "url", "found"),
    [
        ([], "http://shop.test:9000/", ["127.0.0.1", "::1"]),
        (["app"], "http://app:9000/", ["10.0.0.5", "10.0.0.6"]),
        (["app:9000"], "http://APP.:9000/", ["10.0.0.5", "10.0.0.6"]),
        (["app."], "http://app/", ["10.0.0.5", "10.0.0.6"]),
        (["10.0.0.0/24"], "http://app/", ["10.0.0.5", "10.0.0.6"]),
        (["10.0.0.5", "10.0.0.6:80"], "http://app/", ["10.0.0.5", "10.0.0.6"]),
        (["any"], "http://far.test/", ["93.184.216.34"]),
        (["xn--mnchen-3ya.example"], "http://München.example/", ["10.0.0.5"]),
    ],
)
def test_a_name_is_looked_up_once_and_all_its_addresses_are_checked(
    name_server: NameServer, allowed: list[str], url: str, found: list[str]
) -> None:
    assert (addresses(Targets(allowed), url), len(name_server.asked)) == (found, 1)


@pytest.mark.parametrize(
    ("allowed", "url", "reason"),
    [
        (
            [],
            "http://mixed.test/",
            "mixed.test (10.0.0.5) is not loopback, and --webhook-targets does not name it",
        ),
        (
            ["app:9000"],
            "http://app/",
            "app (10.0.0.5) is not loopback, and --webhook-targets does not name it",
        ),
        (
            ["10.0.0.5"],
            "http://app/",
            "app (10.0.0.6) is not loopback, and --webhook-targets does not name it",
        ),
        (
            ["any", "rebound.test"],
            "http://rebound.test/",
            "rebound.test (169.254.169.254) is a link-local address: nothing is sent there",
        ),
        (
            ["any"],
            "http://mapped.test/",
            "mapped.test (169.254.169.254) is a link-local address: nothing is sent there",
        ),
        (
            ["any"],
            "http://local.test/",
            "local.test (fe80::1%2) is a link-local address: nothing is sent there",
        ),
        (["any"], "http://none.test/", "name not found"),
        (
            ["any"],
            "http://own.test:8080/",
            "own.test:8080 is this server itself: only inboxes are targets here",
        ),
    ],
)
def test_a_name_with_one_forbidden_address_is_refused(
    name_server: NameServer, allowed: list[str], url: str, reason: str
) -> None:
    targets = Targets(allowed)
    targets.own = OWN
    assert (addresses(targets, url), len(name_server.asked)) == (reason, 1)


def test_addresses_and_localhost_need_no_look_up(name_server: NameServer) -> None:
    for url in LOOPBACK:
        addresses(Targets(), url)
    assert name_server.asked == []


@pytest.mark.parametrize(
    ("allowed", "url", "refusal"),
    [
        ([], "http://shop.test/", None),
        (
            [],
            "http://far.test/",
            "far.test (93.184.216.34) is not loopback, and --webhook-targets does not name it",
        ),
        ([], "http://none.test/", "none.test is not found, and --webhook-targets does not name it"),
        (["none.test"], "http://none.test/", None),
        (["any"], "http://none.test/", None),
        (["10.0.0.0/8"], "http://10.0.0.5/", None),
        (["any"], "ftp://far.test/", "only http:// and https:// URLs are called"),
    ],
)
def test_a_refusal_at_once_takes_one_look_up(
    name_server: NameServer, allowed: list[str], url: str, refusal: str | None
) -> None:
    assert asyncio.run(Targets(allowed).refusal(url)) == refusal
    assert len(name_server.asked) <= 1


@pytest.mark.parametrize(
    ("own", "url", "is_own"),
    [
        (OWN, "http://127.0.0.1:8080/__admin/reset", True),
        (OWN, "http://127.0.0.1:8080/vendor/api/leads/", True),
        (OWN, "http://localhost:8080/", True),
        (OWN, "http://a.localhost:8080/", True),
        (OWN, "http://[::1]:8080/", True),
        (OWN, "http://[::ffff:127.0.0.1]:8080/", True),
        (OWN, "http://127.1:8080/", True),
        (OWN, "http://0.0.0.0:8080/", False),
        (OWN, "https://127.0.0.1:8080/", True),
        (OWN, "http://127.0.0.1:8081/", False),
        (OWN, "http://127.0.0.1/", False),
        ({("127.0.0.1", 80), ("127.0.0.1", 443)}, "http://127.0.0.1/", True),
        ({("127.0.0.1", 80), ("127.0.0.1", 443)}, "https://localhost/", True),
        ({("0.0.0.0", 8080)}, "http://127.0.0.1:8080/", True),
        ({("0.0.0.0", 8080)}, "http://127.9.9.9:8080/", True),
        ({("0.0.0.0", 8080)}, "http://127.0.0.1:8081/", False),
        ({("::", 8080)}, "http://127.0.0.1:8080/", True),
        ({("::", 8080)}, "http://[::1]:8080/", True),
        (OWN, "https://vendor.example/", True),
        (OWN, "http://Vendor.Example.:9000/", True),
        (OWN, "http://ｖｅｎｄｏｒ.example/", True),
        (OWN, "http://a.vendor.example/", False),
    ],
)
def test_this_server_itself_is_no_target(own: set[tuple[str, int]], url: str, is_own: bool) -> None:
    targets = Targets(["any"])
    targets.own = own
    targets.own_names = {"vendor.example"}
    try:
        targets.destination(url)
        found = False
    except RefusedTarget as refused:
        found = refused.is_own
    assert found is is_own


@pytest.mark.parametrize(
    ("url", "destination", "authority"),
    [
        (
            "HTTP://LocalHost.:9000/a b/é?q=ü&x=%2F#part",
            Destination("http", "localhost", 9000, "/a%20b/%C3%A9?q=%C3%BC&x=%2F", None),
            "localhost:9000",
        ),
        (
            "https://[::1]",
            Destination("https", "::1", 443, "/", ip_address("::1")),
            "[::1]",
        ),
        (
            "https://127.1:80?a",
            Destination("https", "127.1", 80, "/?a", ip_address("127.0.0.1")),
            "127.1:80",
        ),
        (
            "http://München.example:80/",
            Destination("http", "xn--mnchen-3ya.example", 80, "/", None),
            "xn--mnchen-3ya.example",
        ),
    ],
)
def test_a_url_is_read_once_into_its_parts(
    url: str, destination: Destination, authority: str
) -> None:
    assert (parsed(url), parsed(url).authority) == (destination, authority)


def test_a_look_up_that_hangs_ends_with_the_time_of_the_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    over = threading.Event()

    def hang(*_: Any, **__: Any) -> Any:
        over.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    targets = Targets(["hangs.test"])

    async def story() -> list[str]:
        outcomes = []
        for _ in range(33):
            try:
                async with asyncio.timeout(0.01):
                    await targets.addresses(parsed("http://hangs.test/"))
            except (TimeoutError, NameNotFound) as error:
                outcomes.append(str(error))
        over.set()
        return outcomes

    assert asyncio.run(story()) == [""] * 32 + ["too many names are being looked up"]
