"""Webhooks as a test has them: handles of those it has set, and functions that receive."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Thread, get_ident
from typing import Any, Literal, Protocol, TypedDict, TypeVar, Unpack

from mockserver.client_answers import Delivery, Received, Row
from mockserver.errors import MockserverError

T = TypeVar("T")

INBOX = "inbox:"

Receiver = Callable[[Any], Any]
"""Gets the payload of each delivery.

It returns what a receiver answers: a status, a pair of status and body, or None for 204.
"""

_LOOKS_EVERY = 0.01
_OVER = frozenset({404, 409})
"""What the server answers to who settles a delivery that is gone, or settled already."""


class WebhookOptions(TypedDict, total=False):
    """How deliveries to a webhook are made (docs/webhooks.md).

    What is left out is as the server does it: one copy, at once, no retries.
    """

    retries: Literal["none", "standard"] | Sequence[float] | None
    timeout: float | None
    version: Literal["V1", "V2"] | None
    credential: Mapping[str, str] | None
    plain: bool | None
    hold: bool | None
    strict: bool | None
    copies: int | None
    late: float | None
    order: Literal["kept", "swapped"] | None
    lose_first: int | None
    lose_answer: int | None
    hang_up: int | None
    stopped: None


class Workspace(Protocol):
    """What a handle and the functions that receive need of the client of a workspace."""

    def deliveries(
        self, *, webhook: "WebhookHandle | str | None" = None, state: str | None = None
    ) -> list[Delivery]:
        """What webhooks were told."""
        ...

    def inbox(self, name: str) -> list[Received]:
        """What came into an inbox."""
        ...

    def change_webhook(
        self,
        webhook: "WebhookHandle | str",
        to: str | None = None,
        **options: Unpack[WebhookOptions],
    ) -> Row:
        """Change a webhook."""
        ...

    def test_webhook(
        self, webhook: "WebhookHandle | str", *, wrong_credential: bool = False
    ) -> Delivery:
        """Send an example to a webhook."""
        ...

    def remove_webhook(self, webhook: "WebhookHandle | str") -> None:
        """Remove a webhook."""
        ...

    def settle(
        self,
        delivery: Delivery | int,
        status: int | None = None,
        *,
        error: str | None = None,
        body: Any = None,
    ) -> Delivery:
        """Say what came of a delivery."""
        ...


class WebhookHandle:
    """A webhook that a test has set. `key` is its vendor and id, `shown` what the server says."""

    def __init__(self, workspace: Workspace, shown: Row) -> None:
        self._workspace = workspace
        self.shown = shown
        self.key: str = shown["key"]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key} to {self.url}>"

    @property
    def url(self) -> str:
        """Where it is, as it was set: a URL, or `inbox:` and a name."""
        return str(self.shown["url"])

    @property
    def deliveries(self) -> list[Delivery]:
        """What was sent to it, or is still to be sent, oldest first."""
        return self._workspace.deliveries(webhook=self)

    @property
    def received(self) -> list[Received]:
        """What came into its inbox, in the order in which it came.

        Raises MockserverError for a webhook that has no inbox.
        """
        if not self.url.startswith(INBOX) or self.shown["options"].get("hold"):
            raise MockserverError(f"{self.key} has no inbox: it goes to {self.url}")
        return self._workspace.inbox(self.url.removeprefix(INBOX))

    @property
    def bodies(self) -> list[Any]:
        """The payloads that arrived, in the order in which they came.

        Where it has no inbox, those of the deliveries that the receiver has accepted.
        """
        if self.url.startswith(INBOX) and not self.shown["options"].get("hold"):
            return [each.body for each in self.received]
        return [each.body for each in self.deliveries if each.state == "delivered"]

    def change(self, to: str | None = None, **options: Unpack[WebhookOptions]) -> None:
        """Change where it goes, or how deliveries are made; None is as it was at first."""
        self.shown = self._workspace.change_webhook(self, to, **options)

    def test(self, *, wrong_credential: bool = False) -> Delivery:
        """Send it an example; with a wrong credential a receiver that checks it refuses."""
        return self._workspace.test_webhook(self, wrong_credential=wrong_credential)

    def remove(self) -> None:
        """Remove it; what is pending for it is dropped."""
        self._workspace.remove_webhook(self)


def webhook_path(webhook: WebhookHandle | str) -> str:
    """The path of a webhook below its workspace's. Raises ValueError for what is no key."""
    from urllib.parse import quote

    key = webhook.key if isinstance(webhook, WebhookHandle) else webhook
    vendor, slash, id = key.partition("/")
    if not (vendor and slash and id):
        raise ValueError(f"{key!r} is no key of a webhook: vendor and id, with a slash between")
    return f"/webhooks/{quote(vendor, safe='')}/{quote(id, safe='')}"


class Receivers:
    """The functions that are webhooks, by the key of each.

    Their deliveries are held by the server. The thread that waits for the server gets them, calls
    the functions, and says what came of it: so a receiver may live in the test's own thread.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._functions: dict[str, Receiver] = {}
        self._in_work: set[int] = set()
        self._errors: list[Exception] = []
        self._thread: int | None = None
        self._count = 0
        """How many deliveries the functions have got."""

    def add(self, key: str, function: Receiver) -> None:
        """From now on the function gets what the webhook of that key is told."""
        self._functions[key] = function

    def remove(self, key: str) -> None:
        """The webhook is gone."""
        self._functions.pop(key, None)

    def during(self, request: Callable[[], T]) -> T:
        """What a request answers, while the functions get what is held for them.

        Raises what the request raises, else the first error that a function has raised.
        """
        if not self._functions or self._thread not in (None, get_ident()):
            return request()
        with self._busy():
            answer = self._answer_of(request)
            self._serve()
        if self._errors:
            error = self._errors[0]
            self._errors.clear()
            raise error
        return answer

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """Other threads leave what is held to this one."""
        before, self._thread = self._thread, get_ident()
        try:
            yield
        finally:
            self._thread = before

    def _answer_of(self, request: Callable[[], T]) -> T:
        answers: list[T] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                answers.append(request())
            except BaseException as error:
                errors.append(error)

        thread = Thread(target=work, name="mockserver request", daemon=True)
        thread.start()
        while thread.is_alive():
            self._serve()
            thread.join(_LOOKS_EVERY)
        if errors:
            raise errors[0]
        return answers[0]

    def _serve(self) -> None:
        """Call the functions until nothing is held for them."""
        while waiting := self._held():
            for delivery in waiting:
                count = self._count
                self._in_work.add(delivery.number)
                try:
                    self._receive(delivery)
                finally:
                    self._in_work.discard(delivery.number)
                self._count += 1
                if self._count > count + 1:
                    break  # the function has used the workspace, and others were served meanwhile

    def _held(self) -> list[Delivery]:
        held = self._workspace.deliveries(state="held")
        mine = [each for each in held if each.webhook in self._functions]
        return [each for each in mine if each.number not in self._in_work]

    def _receive(self, delivery: Delivery) -> None:
        function = self._functions[delivery.webhook]
        try:
            status, body = _answer(function(delivery.body))
        except Exception as error:
            self._errors.append(error)
            text = f"the receiver raised {type(error).__name__}: {error}"[:1000]
            self._settle(delivery, error=text)
            return
        self._settle(delivery, status, body=body)

    def _settle(self, delivery: Delivery, status: int | None = None, **more: Any) -> None:
        """Say what came of a delivery. One that is gone, as after a reset, needs nobody's word."""
        try:
            self._workspace.settle(delivery, status, **more)
        except MockserverError as error:
            if getattr(error, "status", 0) not in _OVER:
                raise
            if self._is_failed(delivery) and not self._errors:
                text = f"the function of {delivery.webhook} did not return in time: {error}"
                self._errors.append(MockserverError(text))

    def _is_failed(self, delivery: Delivery) -> bool:
        kept = self._workspace.deliveries(state="failed", webhook=delivery.webhook)
        return any(each.number == delivery.number for each in kept)


def _answer(returned: Any) -> tuple[int, Any]:
    """The status and the body that a function means. Raises TypeError for something else."""
    if returned is None:
        return 204, None
    if isinstance(returned, tuple) and len(returned) == 2:
        status, body = returned
    else:
        status, body = returned, None
    if isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599:
        return status, body
    raise TypeError(
        f"a receiver returns a status from 100 to 599, (status, body) or None for 204, "
        f"not {returned!r}"
    )
