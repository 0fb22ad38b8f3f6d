"""Which variables of the environment count, which are not ours, and which are slips."""

import pytest

from mockserver.environment import Environment, read_environment
from mockserver.settings import OPTIONS

PLATFORM = {
    "MOCKSERVER_SERVICE_HOST": "10.0.0.1",
    "MOCKSERVER_SERVICE_PORT": "8080",
    "MOCKSERVER_SERVICE_PORT_HTTP": "8080",
    "MOCKSERVER_SERVICE_PORT_ADMIN_API": "8081",
    "MOCKSERVER_PORT_8080_TCP": "tcp://10.0.0.1:8080",
    "MOCKSERVER_PORT_8080_TCP_ADDR": "10.0.0.1",
    "MOCKSERVER_PORT_8080_TCP_PORT": "8080",
    "MOCKSERVER_PORT_8080_TCP_PROTO": "tcp",
    "MOCKSERVER_PORT_53_UDP": "udp://10.0.0.1:53",
    "MOCKSERVER_MAX_SERVICE_HOST": "10.0.0.2",
    "MOCKSERVER_MAX_SERVICE_PORT": "80",
    "MOCKSERVER_MAX_PORT": "tcp://10.0.0.2:80",
    "MOCKSERVER_MAX_PORT_80_TCP_ADDR": "10.0.0.2",
}


def test_what_the_platform_makes_is_not_ours() -> None:
    assert read_environment(PLATFORM) == Environment()


@pytest.mark.parametrize("name", ["MOCKSERVER_PORT", "MOCKSERVER_TLS_PORT"])
def test_an_option_with_the_value_of_the_platform_is_ignored_with_a_line(name: str) -> None:
    environment = read_environment({name: "tcp://10.0.0.1:8080"})
    assert environment == Environment(ignored=[name])
    assert [line.startswith(f"{name} is ignored") for line in environment.warnings()] == [True]


def test_each_option_has_its_variable() -> None:
    given = {option.variable: "x" for option in OPTIONS}
    expected = {option.name: "x" for option in OPTIONS}
    assert read_environment(given) == Environment(values=expected)


def test_an_empty_variable_is_not_set() -> None:
    assert read_environment({"MOCKSERVER_PORT": "", "MOCKSERVER_PROT": ""}) == Environment()


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("FIXTURE", "FIXTURES"),
        ("FIXUTRES", "FIXTURES"),
        ("PROT", "PORT"),
        ("PORTS", "PORT"),
        ("SEEDS", "SEED"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("LOG_LEVL", "LOG_LEVEL"),
        ("MAXMEMORY", "MAX_MEMORY"),
        ("MAX_WORKSPACE", "MAX_WORKSPACES"),
        ("STRICTNES", "STRICTNESS"),
        ("ADMINTOKEN", "ADMIN_TOKEN"),
        ("TLS_CERTS", "TLS_CERT"),
        ("URLL", "URL"),
        ("FAILON", "FAIL_ON"),
        ("REPROT", "REPORT"),
        ("WORKSPCE", "WORKSPACE"),
    ],
)
def test_a_slip_is_a_problem_that_names_what_was_meant(slip: str, meant: str) -> None:
    environment = read_environment({f"MOCKSERVER_{slip}": "secret"})
    assert environment.problems == [
        f"MOCKSERVER_{slip} is no variable of mockserver; MOCKSERVER_{meant} was probably meant"
    ]


@pytest.mark.parametrize(
    "name",
    ["API_KEY", "BASE_URL", "TIMEOUT", "ENABLED", "NAME", "ENV_MAX_LEADS", "ENV_MOCKSERVER_PORT"],
)
def test_a_name_that_is_close_to_no_option_is_told_in_a_line(name: str) -> None:
    environment = read_environment({f"MOCKSERVER_{name}": "x", "MOCKSERVER_VERSION": "1"})
    names = sorted([f"MOCKSERVER_{name}", "MOCKSERVER_VERSION"])
    assert environment == Environment(unknown=names)
    assert environment.warnings() == [
        f"No variables of mockserver, and ignored: {', '.join(names)}"
    ]


def test_the_variables_of_the_plugin_and_of_other_programs_are_none_of_these() -> None:
    assert read_environment({"MOCKSERVER_URL": "x", "MOCK_PORT": "1", "PORT": "2"}) == (
        Environment()
    )
