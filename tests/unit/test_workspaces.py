"""One account, one world: which accounts get in, what their workspaces are called and hold."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from time import monotonic

import pytest

from mockserver.errors import Reason, Refusal
from mockserver.state.changes import (
    ClockChange,
    RequestNumber,
    SettingsChange,
    SnapshotSaved,
)
from mockserver.state.clock import WorkspaceClock
from mockserver.workspaces import Workspaces, workspace_name
from tests.unit import tiny


def workspaces(
    *,
    strict: bool = False,
    declared: tuple[str, ...] = (),
    limit: int = 100,
    idle: float = 0,
    clock: Callable[[], float] = monotonic,
) -> Workspaces:
    """Workspaces that begin with Ada, under other rules of entry."""
    origin = tiny.workspaces(tiny.vendor()).origin
    return Workspaces(
        origin,
        strict=strict,
        declared=frozenset(declared),
        default="demo",
        limit=limit,
        idle=idle,
        clock=clock,
    )


def digest(account: str) -> str:
    """The name of a workspace whose account is no name for people."""
    return "ws-" + sha256(account.encode()).hexdigest()[:32]


def refusal_of(enter: Callable[[], object]) -> tuple[str, str | None]:
    """The kind of a refusal, and its reason or else its message."""
    with pytest.raises(Refusal) as caught:
        enter()
    return caught.value.kind, caught.value.reason or caught.value.message


@pytest.mark.parametrize(
    ("account", "name"),
    [
        pytest.param("demo", "demo", id="a slug"),
        pytest.param("team-7", "team-7", id="digits and dashes"),
        pytest.param("7", "7", id="a digit first"),
        pytest.param("z" * 32, "z" * 32, id="as long as may be"),
        pytest.param("z" * 33, digest("z" * 33), id="too long"),
        pytest.param("sk_live_51Hxyz", digest("sk_live_51Hxyz"), id="a real key"),
        pytest.param("Demo", digest("Demo"), id="capitals"),
        pytest.param("-demo", digest("-demo"), id="a dash first"),
        pytest.param("é", "ws-4a99557e4033c3539de2eb65472017ca", id="outside ASCII"),
        pytest.param("demo\n", digest("demo\n"), id="a line break"),
        pytest.param("f" * 20, digest("f" * 20), id="all hex"),
        pytest.param("f" * 19, "f" * 19, id="all hex and short"),
        pytest.param("f" * 19 + "-", "f" * 19 + "-", id="hex with a hyphen"),
        pytest.param("x" * 17 + "123", digest("x" * 17 + "123"), id="three digits"),
        pytest.param("x" * 18 + "12", "x" * 18 + "12", id="two digits"),
        pytest.param("a-name-of-2025-01-31-and-more", "a-name-of-2025-01-31-and-more", id="words"),
        pytest.param(digest("Demo"), digest(digest("Demo")), id="a digest"),
    ],
)
def test_a_workspace_is_named_like_its_account_or_by_a_digest_of_it(
    account: str, name: str
) -> None:
    assert workspace_name(account) == name


def test_an_account_finds_its_workspace_again() -> None:
    worlds = workspaces()
    assert worlds.admit("me") is worlds.admit("me")


def test_accounts_have_workspaces_of_their_own_with_the_seed_in_them() -> None:
    worlds = workspaces()
    mine, yours = worlds.admit("me"), worlds.admit("you")
    tx = mine.transaction("tiny")
    tx.put("people", {"id": 9, "name": "Bob"})
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    mine.apply(
        [
            *tx.changes(),
            SettingsChange("tiny", {"size": 7}),
            ClockChange(moment, timedelta()),
            RequestNumber(1, moment),
        ]
    )
    assert (
        list(yours.tables["tiny"]["people"].rows),
        yours.settings["tiny"]["size"],
        yours.now(),
        yours.requests,
    ) == ([1], 3, tiny.NOW, 0)
    assert list(worlds.admit("third").tables["tiny"]["people"].rows) == [1]


def test_requests_without_a_credential_share_the_default_account() -> None:
    worlds = workspaces()
    assert worlds.admit(None) is worlds.admit("demo")


@pytest.mark.parametrize("account", ["invalid", "expired"])
@pytest.mark.parametrize("strict", [False, True])
def test_two_accounts_never_get_in(account: str, strict: bool) -> None:
    worlds = workspaces(strict=strict, declared=(account,))
    assert refusal_of(lambda: worlds.admit(account)) == ("unauthorized", Reason.UNKNOWN)


@pytest.mark.parametrize(("account", "name"), [("me", "me"), (None, "demo")])
def test_strict_admits_declared_accounts_and_requests_that_need_no_credential(
    account: str | None, name: str
) -> None:
    assert workspaces(strict=True, declared=("me",)).admit(account).name == name


def test_strict_refuses_everybody_else() -> None:
    worlds = workspaces(strict=True, declared=("me",))
    assert (refusal_of(lambda: worlds.admit("you")), [*worlds]) == (
        ("unauthorized", Reason.UNKNOWN),
        [],
    )


def test_strict_refuses_a_credential_of_the_default_account_unless_it_is_declared() -> None:
    worlds = workspaces(strict=True, declared=("me",))
    worlds.admit(None)
    assert refusal_of(lambda: worlds.admit("demo")) == ("unauthorized", Reason.UNKNOWN)
    declared = workspaces(strict=True, declared=("demo",))
    assert declared.admit("demo") is declared.admit(None)


def test_a_workspace_that_is_made_by_name_declares_its_account() -> None:
    worlds = workspaces(strict=True)
    made = worlds.create("demo")
    assert (worlds.admit("demo"), worlds.admit(None)) == (made, made)
    worlds.delete("demo")
    assert made is not worlds.admit(None)
    assert refusal_of(lambda: worlds.admit("demo")) == ("unauthorized", Reason.UNKNOWN)


def test_a_workspace_that_is_one_too_many_declares_nothing() -> None:
    worlds = workspaces(strict=True, declared=("me",), limit=1)
    worlds.admit("me")
    assert refusal_of(lambda: worlds.create("you"))[0] == "forbidden"
    worlds.delete("me")
    assert refusal_of(lambda: worlds.admit("you")) == ("unauthorized", Reason.UNKNOWN)


def test_there_are_no_more_workspaces_than_allowed() -> None:
    worlds = workspaces(declared=("me",), limit=2)
    worlds.admit("me")
    worlds.admit(None)
    assert refusal_of(lambda: worlds.admit("three")) == (
        "forbidden",
        "This server holds at most 2 workspaces.",
    )
    assert (worlds.admit("me").name, [each.name for each in worlds]) == ("me", ["me", "demo"])


def test_a_listing_shows_no_key() -> None:
    worlds = workspaces()
    worlds.admit("sk_live_51Hxyz")
    assert [each.name for each in worlds] == [digest("sk_live_51Hxyz")]


def test_a_reset_gives_everybody_the_seed_again() -> None:
    worlds = workspaces()
    mine = worlds.admit("me")
    tx = mine.transaction("tiny")
    tx.delete("people", 1)
    mine.apply(tx.changes())
    worlds.reset()
    assert list(worlds.admit("me").tables["tiny"]["people"].rows) == [1]


def test_a_reset_deletes_all_but_the_default_workspace_and_those_of_declared_accounts() -> None:
    worlds = workspaces(declared=("me",))
    for account in (None, "me", "you"):
        worlds.admit(account).apply([SnapshotSaved("one")])
    worlds.create("made")
    worlds.reset()
    assert [(each.name, [*each.snapshots]) for each in worlds] == [("demo", []), ("me", [])]


def test_at_the_limit_the_workspace_goes_that_is_idle_longest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seconds = count()
    worlds = workspaces(declared=("me",), limit=4, clock=lambda: next(seconds))
    for account in ("me", None, "one", "two", "one", "three"):
        worlds.admit(account)
    assert [each.name for each in worlds] == ["me", "demo", "one", "three"]
    assert [record.getMessage() for record in caplog.records] == [
        "there are 4 workspaces (--max-workspaces): two, which is idle longest, is deleted"
    ]


def test_idle_workspaces_go_after_their_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    now = [0.0]
    worlds = workspaces(declared=("me",), idle=60, clock=lambda: now[0])
    for account in ("me", None, "one", "two"):
        worlds.admit(account)
    now[0] = 59.0
    worlds.named("two")
    assert len([*worlds]) == 4
    now[0] = 60.0
    worlds.admit("new")
    assert [each.name for each in worlds] == ["me", "demo", "two", "new"]
    assert [record.getMessage() for record in caplog.records] == [
        "workspace one was idle for 60 s and is deleted"
    ]


def test_strict_refuses_the_credential_of_a_workspace_that_was_deleted_as_idle() -> None:
    now = [0.0]
    worlds = workspaces(strict=True, idle=60, clock=lambda: now[0])
    worlds.create("me")
    worlds.admit("me")
    now[0] = 100.0
    assert [*worlds] == []
    assert refusal_of(lambda: worlds.admit("me")) == ("unauthorized", Reason.UNKNOWN)


def test_no_account_comes_to_a_workspace_by_the_digest_of_another() -> None:
    worlds = workspaces()
    secret = worlds.admit("A-REAL-SECRET-KEY")
    assert worlds.admit(secret.name) is not secret
    assert worlds.admit(worlds.admit(secret.name).name).name not in (secret.name, "demo")
    assert worlds.is_credential(secret.name) is False


def test_the_text_of_a_credential_finds_its_workspace() -> None:
    worlds = workspaces()
    secret = worlds.admit("A-REAL-SECRET-KEY")
    assert worlds.named("A-REAL-SECRET-KEY") is worlds.named(secret.name) is secret
    assert worlds.named("another") is None


def test_a_name_that_was_created_is_shown_even_if_it_could_be_a_key() -> None:
    worlds = workspaces()
    key = "0123456789abcdef0123456789abcdef"
    assert (worlds.create(key).name, worlds.admit(key).name) == (key, key)
    worlds.delete(key)
    assert worlds.admit(key).name == digest(key)
    assert refusal_of(lambda: worlds.create(key))[0] == "conflict"


def test_a_frozen_clock_stands_still() -> None:
    clock = WorkspaceClock(tiny.NOW)
    assert (clock.now(), clock.now()) == (tiny.NOW, tiny.NOW)


def test_a_clock_is_real_unless_it_is_frozen() -> None:
    before = datetime.now(UTC)
    assert before <= WorkspaceClock().now() <= datetime.now(UTC)
