"""One account, one world: which accounts get in, what their workspaces are called and hold."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mockserver.errors import Reason, Refusal
from mockserver.state.clock import Clock
from mockserver.workspaces import Workspaces, workspace_name
from tests.unit import tiny


def workspaces(
    *, strict: bool = False, declared: tuple[str, ...] = (), limit: int = 100
) -> Workspaces:
    """Workspaces that begin with Ada, under other rules of entry."""
    seed = tiny.workspaces(tiny.vendor()).seed
    return Workspaces(
        seed, strict=strict, declared=frozenset(declared), default="demo", limit=limit
    )


def refusal_of(enter: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        enter()
    return caught.value.kind, caught.value.reason or caught.value.message


@pytest.mark.parametrize(
    ("account", "name"),
    [
        pytest.param("demo", "demo", id="a slug"),
        pytest.param("team-7", "team-7", id="digits and dashes"),
        pytest.param("7", "7", id="a digit first"),
        pytest.param("a" * 32, "a" * 32, id="as long as may be"),
        pytest.param("a" * 33, "ws-852785c805c7", id="too long"),
        pytest.param("sk_live_51Hxyz", "ws-8c51a4625430", id="a real key"),
        pytest.param("Demo", "ws-8a2cc0673b1c", id="capitals"),
        pytest.param("-demo", "ws-8941c3a3f6ab", id="a dash first"),
        pytest.param("é", "ws-4a99557e4033", id="outside ASCII"),
        pytest.param("demo\n", "ws-eb9c26baee47", id="a line break"),
    ],
)
def test_a_workspace_is_named_like_its_account_or_by_a_digest_of_it(
    account: str, name: str
) -> None:
    assert workspace_name(account) == name


def test_an_account_finds_its_workspace_again() -> None:
    worlds = workspaces()
    assert worlds.of("me") is worlds.of("me")


def test_accounts_have_workspaces_of_their_own_with_the_seed_in_them() -> None:
    worlds = workspaces()
    mine, yours = worlds.of("me"), worlds.of("you")
    mine.transaction("tiny").put("people", {"id": 9, "name": "Bob"})
    mine.settings["tiny"]["size"] = 7
    mine.clock = Clock(datetime(2030, 1, 1, tzinfo=UTC))
    mine.requests += 1
    assert (
        list(yours.tables["tiny"]["people"].rows),
        yours.settings["tiny"]["size"],
        yours.clock.now(),
        yours.requests,
    ) == (
        [1],
        3,
        tiny.NOW,
        0,
    )
    assert list(worlds.seed.tables["tiny"]["people"].rows) == [1]


def test_requests_without_a_credential_share_the_default_account() -> None:
    worlds = workspaces()
    assert worlds.of(None) is worlds.of("demo")


@pytest.mark.parametrize("account", ["invalid", "expired"])
@pytest.mark.parametrize("strict", [False, True])
def test_two_accounts_never_get_in(account: str, strict: bool) -> None:
    worlds = workspaces(strict=strict, declared=(account,))
    assert refusal_of(lambda: worlds.of(account)) == ("unauthorized", Reason.UNKNOWN)


@pytest.mark.parametrize(("account", "name"), [("me", "me"), (None, "demo")])
def test_strict_admits_declared_accounts_and_requests_that_need_no_credential(
    account: str | None, name: str
) -> None:
    assert workspaces(strict=True, declared=("me",)).of(account).name == name


def test_strict_refuses_everybody_else() -> None:
    worlds = workspaces(strict=True, declared=("me",))
    assert (refusal_of(lambda: worlds.of("you")), [*worlds]) == (
        ("unauthorized", Reason.UNKNOWN),
        [],
    )


def test_strict_refuses_a_credential_of_the_default_account_unless_it_is_declared() -> None:
    worlds = workspaces(strict=True, declared=("me",))
    worlds.of(None)
    assert refusal_of(lambda: worlds.of("demo")) == ("unauthorized", Reason.UNKNOWN)
    declared = workspaces(strict=True, declared=("demo",))
    assert declared.of("demo") is declared.of(None)


def test_a_workspace_that_is_made_by_name_declares_its_account() -> None:
    worlds = workspaces(strict=True)
    made = worlds.create("demo")
    assert (worlds.of("demo"), worlds.of(None)) == (made, made)
    worlds.delete("demo")
    assert made is not worlds.of("demo") is worlds.of(None)


def test_a_workspace_that_is_one_too_many_declares_nothing() -> None:
    worlds = workspaces(strict=True, declared=("me",), limit=1)
    worlds.of("me")
    assert refusal_of(lambda: worlds.create("you"))[0] == "forbidden"
    worlds.delete("me")
    assert refusal_of(lambda: worlds.of("you")) == ("unauthorized", Reason.UNKNOWN)


def test_there_are_no_more_workspaces_than_allowed() -> None:
    worlds = workspaces(limit=2)
    worlds.of("one")
    worlds.of("two")
    assert refusal_of(lambda: worlds.of("three")) == (
        "forbidden",
        "This server holds at most 2 workspaces.",
    )
    assert (worlds.of("one").name, [each.name for each in worlds]) == ("one", ["one", "two"])


def test_a_listing_shows_no_key() -> None:
    worlds = workspaces()
    worlds.of("sk_live_51Hxyz")
    assert [each.name for each in worlds] == ["ws-8c51a4625430"]


def test_a_reset_gives_everybody_the_seed_again() -> None:
    worlds = workspaces()
    worlds.of("me").transaction("tiny").delete("people", 1)
    worlds.reset()
    assert list(worlds.of("me").tables["tiny"]["people"].rows) == [1]


def test_a_frozen_clock_stands_still_and_a_copy_goes_its_own_way() -> None:
    clock = Clock(tiny.NOW)
    assert (clock.now(), clock.copy().now()) == (tiny.NOW, tiny.NOW)


def test_a_clock_is_real_unless_it_is_frozen() -> None:
    before = datetime.now(UTC)
    assert before <= Clock().now() <= Clock().copy().now() <= datetime.now(UTC)
