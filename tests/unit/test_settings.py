"""Each option: its names, its default, what it takes and the sentence for what it does not."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from mockserver.errors import SettingError
from mockserver.settings import OPTIONS, Settings

DEFAULTS = {
    "host": "localhost",
    "port": 8080,
    "tls": False,
    "tls_port": 8443,
    "tls_dir": "",
    "tls_names": (),
    "tls_cert": "",
    "tls_key": "",
    "unix": "",
    "trust_proxy": (),
    "fixtures": ("demo",),
    "seed": 1,
    "strictness": "vendor",
    "auth": "any",
    "log_level": "info",
    "log_format": "text",
    "log_rate": 2000,
    "max_body": 33554432,
    "max_wait": 60,
    "max_head": 65536,
    "max_headers": 100,
    "max_target": 16384,
    "head_timeout": 10,
    "body_timeout": 30,
    "idle_timeout": 75,
    "max_workspaces": 10000,
    "workspace_idle": 0,
    "max_memory": 536870912,
    "max_leads": 1000000,
    "max_calls": 1000000,
    "max_steps": 10000,
    "max_webhooks": 100,
    "max_deliveries": 100000,
    "max_snapshots": 100,
    "max_fault_rules": 1000,
    "max_streams": 16,
    "journal_entries": 1000,
    "journal_bytes": 16777216,
    "journal_events": 10000,
    "journal_deliveries": 10000,
    "webhook_targets": (),
    "webhook_ca": "",
    "webhook_timeout": 5.0,
    "max_inboxes": 100,
    "inbox_entries": 1000,
    "inbox_bytes": 4194304,
    "admin_token": "",
    "console": True,
    "default_account": "demo",
}

TAKEN = [
    ("host", "0.0.0.0", "0.0.0.0"),
    ("host", "::1", "::1"),
    ("port", "0", 0),
    ("port", 65535, 65535),
    ("tls", "on", True),
    ("tls", "1", True),
    ("tls", "Yes", True),
    ("tls", True, True),
    ("tls", "off", False),
    ("tls", False, False),
    ("console", "off", False),
    ("console", "on", True),
    ("tls_port", "0", 0),
    ("tls_names", "", ()),
    ("tls_names", "mock.test, *.mock.test,10.0.0.7", ("mock.test", "*.mock.test", "10.0.0.7")),
    ("tls_names", ("mock.test", "fd00::7"), ("mock.test", "fd00::7")),
    ("tls_dir", "some/folder", "some/folder"),
    ("unix", "/run/mockserver.sock", "/run/mockserver.sock"),
    ("trust_proxy", "loopback", ("127.0.0.0/8", "::1/128")),
    ("trust_proxy", "off", ()),
    ("trust_proxy", "10.1.2.3/8, fd00::/8", ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "fd00::/8")),
    ("fixtures", "empty", ("empty",)),
    ("fixtures", f"demo{os.pathsep}some/file.yaml", ("demo", "some/file.yaml")),
    ("fixtures", ["demo", Path("some:file.yaml")], ("demo", "some:file.yaml")),
    ("seed", "0", 0),
    ("seed", str(2**63 - 1), 2**63 - 1),
    ("strictness", "document", "document"),
    ("auth", "strict", "strict"),
    ("log_level", "debug", "debug"),
    ("log_level", "error", "error"),
    ("log_format", "json", "json"),
    ("log_rate", "10", 10),
    ("max_body", "1", 1),
    ("max_body", "64MB", 64 << 20),
    ("workspace_idle", "0", 0),
    ("workspace_idle", "90", 90),
    ("workspace_idle", "90s", 90),
    ("workspace_idle", "30m", 1800),
    ("workspace_idle", "12h", 43200),
    ("workspace_idle", "7d", 604800),
    ("max_memory", "4GB", 4 << 30),
    ("max_memory", "600 mb", 600 << 20),
    ("max_memory", "1048576", 1 << 20),
    ("max_leads", "1", 1),
    ("max_calls", "1", 1),
    ("max_steps", "1", 1),
    ("journal_events", "1", 1),
    ("journal_deliveries", "1", 1),
    ("max_webhooks", "1", 1),
    ("max_deliveries", "1", 1),
    ("webhook_targets", "", ()),
    ("webhook_targets", "loopback", ()),
    ("webhook_targets", "Any", ("any",)),
    (
        "webhook_targets",
        "10.0.0.0/8, app:9000,hooks.Example,my_app,10.0.0.7:80,[fd00::7]:80,fd00::/8,[fd00::7],private",
        (
            "10.0.0.0/8",
            "app:9000",
            "hooks.example",
            "my_app",
            "10.0.0.7:80",
            "[fd00::7]:80",
            "fd00::/8",
            "[fd00::7]",
            "private",
        ),
    ),
    ("webhook_ca", "some/file.pem", "some/file.pem"),
    ("webhook_timeout", "0.1", 0.1),
    ("webhook_timeout", 30, 30.0),
    ("max_inboxes", "1", 1),
    ("inbox_entries", "1", 1),
    ("inbox_bytes", "1MB", 1 << 20),
    ("max_snapshots", "7", 7),
    ("max_fault_rules", "7", 7),
    ("max_streams", "0", 0),
    ("max_head", "1024", 1024),
    ("max_headers", "1", 1),
    ("max_target", "64", 64),
    ("head_timeout", "1", 1),
    ("body_timeout", "86400", 86400),
    ("idle_timeout", "5", 5),
    ("max_wait", "2", 2),
    ("max_workspaces", "1", 1),
    ("journal_entries", "1", 1),
    ("journal_bytes", "1", 1),
    ("admin_token", "", ""),
    ("admin_token", "s3cret-t", "s3cret-t"),
    ("default_account", "me", "me"),
    ("default_account", "Sk_live-51.H/x=", "Sk_live-51.H/x="),
]

ACCOUNT = "a name that can stand in every vendor's credential: ASCII without spaces and colons, neither invalid nor expired"

SIZE = "a size from 1 byte to 1TB, like 1048576, 64MB or 4GB"
MEMORY = "a size from 1MB to 1TB, like 512MB or 4GB"
NETWORKS = "loopback, off, or networks like 10.0.0.0/8, separated by commas"
TARGETS = (
    "networks like 10.0.0.0/8, hosts like app or app:9000, private or any, separated by commas"
)
NAMES = "host names and addresses, separated by commas"
IDLE = "seconds, or a time like 30m, 12h or 7d, up to ten years; 0 is off"

REFUSED = [
    ("host", "", "a text that is not empty"),
    ("host", " ", "a text that is not empty"),
    ("port", "-1", "an integer from 0 to 65535"),
    ("port", "65536", "an integer from 0 to 65535"),
    ("port", "http", "an integer from 0 to 65535"),
    ("port", "80.0", "an integer from 0 to 65535"),
    ("port", "", "an integer from 0 to 65535"),
    ("port", "9" * 5000, "an integer from 0 to 65535"),
    ("port", True, "an integer from 0 to 65535"),
    ("console", "maybe", "on or off"),
    ("tls", "maybe", "on or off"),
    ("tls", "", "on or off"),
    ("tls_port", "65536", "an integer from 0 to 65535"),
    ("tls_names", "a b", NAMES),
    ("tls_names", "https://mock.test", NAMES),
    ("trust_proxy", "everybody", NETWORKS),
    ("trust_proxy", "10.0.0.0/99", NETWORKS),
    ("fixtures", "", "a name or a path, or several of them"),
    ("fixtures", f"demo{os.pathsep}", "a name or a path, or several of them"),
    ("seed", "x", "an integer from 0 to 9223372036854775807, or random"),
    ("seed", "Random", "an integer from 0 to 9223372036854775807, or random"),
    ("seed", str(2**63), "an integer from 0 to 9223372036854775807, or random"),
    ("strictness", "loose", "one of vendor, document"),
    ("strictness", "VENDOR", "one of vendor, document"),
    ("auth", "none", "one of any, strict"),
    ("log_level", "loud", "one of debug, info, warning, error"),
    ("log_format", "xml", "one of text, json"),
    ("log_rate", "1", "an integer from 10 to 1000000"),
    ("max_body", "0", SIZE),
    ("max_body", "1XB", SIZE),
    ("max_body", "-1", SIZE),
    ("max_body", "2TB", SIZE),
    ("max_body", "9" * 5000, SIZE),
    ("max_body", "\u0661", SIZE),
    ("workspace_idle", "-1", IDLE),
    ("workspace_idle", "1w", IDLE),
    ("workspace_idle", "1.5h", IDLE),
    ("workspace_idle", "20000d", IDLE),
    ("max_memory", "0", MEMORY),
    ("max_memory", "1KB", MEMORY),
    ("max_memory", "all", MEMORY),
    ("max_leads", "0", "an integer from 1 to 1000000000"),
    ("max_calls", "0", "an integer from 1 to 1000000000"),
    ("max_steps", "0", "an integer from 1 to 10000000"),
    ("journal_events", "0", "an integer from 1 to 10000000"),
    ("journal_deliveries", "0", "an integer from 1 to 10000000"),
    ("max_webhooks", "0", "an integer from 1 to 1000000"),
    ("max_deliveries", "0", "an integer from 1 to 1000000000"),
    *(
        ("webhook_targets", f"any,{item},app", f"{TARGETS}; {item} is none of them")
        for item in (
            "10.0.0.0/33",
            "10.0.0.300",
            "1.2.3",
            "http://app",
            "app/hook",
            "app:0",
            "app:65536",
            "app:http",
            "*.example",
            "user@app",
            "a b",
            "fd00::zz",
            "[fd00::7]:0",
            ":80",
            "-app",
        )
    ),
    *(
        ("webhook_timeout", text, "seconds from 0.1 to 30, like 2.5")
        for text in ("0", "0.05", "30.5", "-1", "5s", "nan", "inf", "1e1", "", "9" * 5000)
    ),
    ("max_inboxes", "0", "an integer from 1 to 1000000"),
    ("inbox_entries", "0", "an integer from 1 to 10000000"),
    ("max_snapshots", "0", "an integer from 1 to 1000000"),
    ("max_fault_rules", "0", "an integer from 1 to 1000000"),
    ("max_streams", "-1", "an integer from 0 to 10000"),
    ("max_head", "1023", "an integer from 1024 to 1073741824"),
    ("max_headers", "0", "an integer from 1 to 1000000"),
    ("max_target", "63", "an integer from 64 to 1073741824"),
    ("head_timeout", "0", "an integer from 1 to 86400"),
    ("body_timeout", "1.5", "an integer from 1 to 86400"),
    ("idle_timeout", "86401", "an integer from 1 to 86400"),
    ("max_wait", "0", "an integer from 1 to 86400"),
    ("max_workspaces", "0", "an integer from 1 to 1000000000"),
    ("journal_entries", "0", "an integer from 1 to 10000000"),
    ("journal_bytes", "0", SIZE),
    ("inbox_bytes", "0", SIZE),
    ("admin_token", "short", "at least 8 ASCII characters without spaces"),
    ("admin_token", "with a space", "at least 8 ASCII characters without spaces"),
    ("admin_token", "pässword", "at least 8 ASCII characters without spaces"),
    ("default_account", "", ACCOUNT),
    ("default_account", "invalid", ACCOUNT),
    ("default_account", "expired", ACCOUNT),
    ("default_account", "two words", ACCOUNT),
    ("default_account", "me:secret", ACCOUNT),
    ("default_account", "me\n", ACCOUNT),
    ("default_account", "zoë", ACCOUNT),
]


def test_every_option_has_its_default() -> None:
    assert {option.name: option.default for option in OPTIONS} == DEFAULTS


def test_settings_without_a_value_are_the_defaults() -> None:
    assert (
        asdict(Settings())
        == asdict(Settings.read({}))
        == asdict(Settings.read(dict.fromkeys(DEFAULTS)))
        == DEFAULTS
    )


def test_a_flag_and_a_variable_are_made_from_the_name() -> None:
    names = {option.name: (option.flag, option.variable) for option in OPTIONS}
    assert (names["port"], names["log_level"]) == (
        ("--port", "MOCKSERVER_PORT"),
        ("--log-level", "MOCKSERVER_LOG_LEVEL"),
    )


def test_every_option_says_what_it_is_for() -> None:
    assert [option.name for option in OPTIONS if not option.help.endswith(".")] == []


def test_every_option_is_in_both_tables() -> None:
    any_text = {"tls_dir", "tls_cert", "tls_key", "unix", "webhook_ca"}
    assert {name for name, _, _ in TAKEN} == DEFAULTS.keys() - {"tls_cert", "tls_key"}
    assert {name for name, _, _ in REFUSED} == DEFAULTS.keys() - any_text


@pytest.mark.parametrize(("name", "given", "value"), TAKEN)
def test_a_good_value_is_taken(name: str, given: Any, value: Any) -> None:
    assert asdict(Settings.read({name: given})) == DEFAULTS | {name: value}


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [pytest.param(*case, id=f"{case[0]}-{str(case[1])[:8]}") for case in REFUSED],
)
def test_a_bad_value_is_one_sentence_with_flag_and_variable(
    name: str, given: Any, wanted: str
) -> None:
    option = next(option for option in OPTIONS if option.name == name)
    with pytest.raises(SettingError) as caught:
        Settings.read({name: given})
    value = "" if option.secret else f" is {given!r}, but"
    assert str(caught.value) == f"{option.flag} (or {option.variable}){value} must be {wanted}"


def test_a_bad_admin_token_stands_in_no_message() -> None:
    with pytest.raises(SettingError) as caught:
        Settings.read({"admin_token": "my secret"})
    assert "my secret" not in str(caught.value)


def test_an_unknown_option_is_named_with_the_known_ones() -> None:
    with pytest.raises(SettingError) as caught:
        Settings.read({"prot": 1})
    assert str(caught.value) == f"there is no option 'prot'; the options are {', '.join(DEFAULTS)}"


HALF = {
    "a certificate without its key": (
        {"tls": "on", "tls_cert": "a.pem"},
        "--tls-cert (or MOCKSERVER_TLS_CERT) needs --tls-key (or MOCKSERVER_TLS_KEY) beside it",
    ),
    "a key without its certificate": (
        {"tls": "on", "tls_key": "a.pem"},
        "--tls-key (or MOCKSERVER_TLS_KEY) needs --tls-cert (or MOCKSERVER_TLS_CERT) beside it",
    ),
    "a certificate without TLS": (
        {"tls_cert": "a.pem", "tls_key": "a.pem"},
        "--tls-cert (or MOCKSERVER_TLS_CERT) needs --tls (or MOCKSERVER_TLS) beside it",
    ),
}


@pytest.mark.parametrize("case", HALF)
def test_half_of_a_certificate_is_refused_with_what_is_missing(case: str) -> None:
    options, sentence = HALF[case]
    with pytest.raises(SettingError) as caught:
        Settings.read(options)
    assert str(caught.value) == sentence


def test_a_random_seed_is_another_one_each_time() -> None:
    seeds = {Settings.read({"seed": "random"}).seed for _ in range(20)}
    assert len(seeds) == 20
    assert all(0 <= seed < 2**53 for seed in seeds)
