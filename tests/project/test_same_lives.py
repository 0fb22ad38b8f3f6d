"""Two servers with one seed and one clock play the same lives, however the clock is moved.

They tell the same of it, too: the inbox of the demo's webhooks holds the same bodies.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, sys
import httpx
from mockserver import MockServer

PEARL = "66a1f0c2d60e456235eae601"
seed, days = int(sys.argv[1]), sys.argv[2].split(",")
with MockServer(port=0, seed=seed) as server, httpx.Client(base_url=server.url, timeout=60) as http:
    space = "/__admin/workspaces/a"
    sela = {"authorization": "Token a"}
    pearl = {"authorization": "Bearer a:b"}
    def ask(method, path, body=None, headers=None):
        answer = http.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()
    ask("POST", "/__admin/workspaces", {"name": "a", "at": "2026-03-02T14:00:00Z"})
    everybody = {"mode": "all"}
    ask("PUT", space + "/autopilot", {"sela": everybody, "nlpearl": everybody})
    leads, found = [], []
    for number in range(10):
        phone = f"+1202555{number:04d}"
        lead = ask("POST", "/sela/api/leads/", {"phone_number": phone, "lead_type": 123}, sela)
        leads.append(f"/sela/api/leads/{lead['id']}/")
        lead = ask("POST", f"/nlpearl/v2/Outbound/{PEARL}/Lead", {"phoneNumber": phone}, pearl)
        leads.append(f"/nlpearl/v2/Outbound/{PEARL}/Lead/{lead['leadId']}")
    for day in days:
        ask("POST", space + "/clock/advance", {"seconds": 86400 * int(day)})
    after = 0
    while after is not None:
        page = ask("GET", f"{space}/events?limit=1000&after={after}")
        found += page["events"]
        after = page["next"]
    for path in leads:
        found.append(ask("GET", path, None, sela if path.startswith("/sela") else pearl))
    found.append(ask("GET", space + "/due?limit=1000"))
    came = ask("GET", space + "/inbox/crm?limit=1000")["received"]
    found.append([(each["at"], each["delivery"], each["body"]) for each in came])
    print(json.dumps(found))
"""


def _lives(seed: int, days: str, hashing: str) -> str:
    """What the program prints in a process of its own."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": hashing, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(seed), days],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_week_is_the_same_in_two_processes_and_in_one_go_or_in_seven() -> None:
    in_seven = _lives(7, "1,1,1,1,1,1,1", hashing="1")
    assert in_seven.count('"call.ended"') >= 20
    assert in_seven.count('"conversationStatus"') >= 20
    assert in_seven.count('"last_chat"') >= 20
    assert _lives(7, "1,1,1,1,1,1,1", hashing="2") == in_seven
    assert _lives(7, "7", hashing="3") == in_seven
    assert _lives(8, "7", hashing="3") != in_seven
