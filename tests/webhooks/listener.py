"""A receiver of webhooks on a real socket: it keeps what it gets, and answers as a test says."""

import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Reaction = Callable[["Got"], "int | tuple[int, Any] | None"]
"""What a receiver does with a delivery.

Returns its status, or with it a body in JSON; None: no answer, the line is cut.
"""


class Got(NamedTuple):
    """One delivery as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The payload."""
        return json.loads(self.body)

    @property
    def delivery(self) -> str:
        """Number and attempt, as this server writes them."""
        return self.headers["mockserver-delivery"]


class Listener:
    """A receiver at `url`. `got` has everything that came, oldest first.

    `reaction` is asked for each; it runs on a thread of its own.
    """

    def __init__(self, reaction: Reaction = lambda got: 204, port: int = 0) -> None:
        self.got: list[Got] = []
        self.reaction = reaction
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the library calls it so
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                got = Got(self.path, headers, body)
                listener.got.append(got)
                answer = listener.reaction(got)
                if answer is None:
                    return
                status, content = answer if isinstance(answer, tuple) else (answer, None)
                raw = b"" if content is None else json.dumps(content).encode()
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("location", str(content))
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler

    @property
    def bodies(self) -> Sequence[Any]:
        """The payloads of all that came."""
        return [each.json for each in self.got]

    def close(self) -> None:
        """Listen no more: who comes is refused."""
        self._server.shutdown()
        self._server.server_close()
