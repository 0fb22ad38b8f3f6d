"""Lives of leads: a workspace whose clock stands still, the vendor's API and the control API."""

from typing import Any

import httpx

NOW = "2026-03-02T14:00:00Z"
"""A Monday, 9 in the morning in New York, 6 in Los Angeles."""

HOUR, DAY = 3600, 86_400


def standing_workspace(url: str, name: str, **options: Any) -> httpx.Client:
    """The control API of a new workspace whose clock stands, at NOW where nothing else is said."""
    body = {"name": name, "at": NOW} | options
    made = httpx.post(f"{url}/__admin/workspaces", json=body)
    assert made.status_code == 201, made.text
    return httpx.Client(base_url=f"{url}/__admin/workspaces/{name}", timeout=60)


def remove_webhooks(control: httpx.Client) -> None:
    """Remove those that the workspace began with."""
    for each in control.get("/webhooks").json()["webhooks"]:
        control.delete(f"/webhooks/{each['key']}")


class Life:
    """The leads of one vendor in a new workspace whose clock stands still."""

    def __init__(self, vendor: str, url: str, account: str, at: str = NOW) -> None:
        self.vendor = vendor
        self.control = standing_workspace(url, account, at=at)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the control API answers, which is not a refusal."""
        answer = self.control.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and detail of a refusal of the control API."""
        answer = self.control.request(method, path, json=body)
        return answer.status_code, answer.json()["detail"]

    def set(self, **settings: Any) -> None:
        """Change settings of the vendor."""
        self.ask("PATCH", "/settings", {self.vendor: settings})

    def simulate(self, lead: Any, outcome: str, **options: Any) -> Any:
        """Play an outcome for a lead."""
        body = {"vendor": self.vendor, "lead": lead, "outcome": outcome} | options
        return self.ask("POST", "/simulate", body)

    def tell(self, lead: Any, story: Any) -> Any:
        """Give a lead a story."""
        return self.ask("PUT", f"/leads/{self.vendor}/{lead}/story", story)

    def seed(self, mode: str, **section: Any) -> None:
        """Load rows of the vendor: `merge` them with what is there, or `replace` it."""
        self.ask("POST", "/seed", {"fixture": {self.vendor: section}, "mode": mode})

    def advance(self, seconds: float) -> Any:
        """Let the clock go on."""
        return self.ask("POST", "/clock/advance", {"seconds": seconds})

    def due(self, lead: Any = None) -> list[str]:
        """When something is due, to the second."""
        path = "/due" if lead is None else f"/due?vendor={self.vendor}&lead={lead}"
        return [f"{row['at'][:19]}Z" for row in self.ask("GET", path)["due"]]

    def events(self, lead: Any = None) -> list[Any]:
        """What has happened, to a lead or to all."""
        query = "" if lead is None else f"&lead={lead}"
        found: list[Any] = self.ask("GET", f"/events?limit=1000{query}")["events"]
        return found


def triggers(events: list[Any]) -> list[str]:
    """The vendor's words for what happened."""
    return [event["trigger"] for event in events if "trigger" in event]
