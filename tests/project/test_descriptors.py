"""A process that has no file descriptor left still answers what it has to import something for."""

import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, os, resource
from mockserver.app import create_app
from mockserver.faults.delivery import Answer

app = create_app()
loop = asyncio.new_event_loop()
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
try:
    while True:
        os.open(os.devnull, os.O_RDONLY)
except OSError:
    pass

def ask(method, path, body=b"", **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(),
             "query_string": b"", "headers": [(b"host", b"localhost"), *pairs]}
    answer = app.answer(scope, body)
    if not isinstance(answer, Answer):  # one that is made beside the loop
        sent = []
        async def send(message):
            sent.append(message)
        loop.run_until_complete(answer(scope, None, send))
        print(sent[0]["status"])
    else:
        print(answer.status)

json = {"x_api_key": "me", "content_type": "application/json"}
ask("PATCH", "/octanist/api/leads", '{"email": "grüße@exämple.de", "status": "won"}'.encode(), **json)
ask("PATCH", "/octanist/api/leads", b'{"phone": "+4930123456", "status": "won"}', **json)
ask("PATCH", "/octanist/api/leads", b'{"phone": "+81312345678", "status": "won"}', **json)
ask("PATCH", "/__admin/workspaces/me/settings", b'{"sela": {"time_zone": "America/Denver"}}', **json)
ask("GET", "/sela/api/leads/", authorization="Token me")
ask("GET", "/__admin/workspaces/me/har")
ask("GET", "/__admin/workspaces/me/report")
ask("GET", "/livez")
ask("GET", "/__admin/workspaces/me")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_first_uses_work_when_descriptors_are_used_up() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=False, capture_output=True, text=True
    )
    assert (done.stderr, done.stdout.split()) == (
        "",
        ["404", "404", "404", "200", "200", "200", "200", "200", "200"],
    )
