"""A pearl of NLPearl and its leads, and what the control API does with them."""

from typing import Any

import httpx

PEARL = "66a1f0c2d60e456235eae601"
PEARL_NUMBER = "+12025550190"
ADA, GRACE, ALAN = (
    "66a1f0c2d60e456235eae701",
    "66a1f0c2d60e456235eae702",
    "66a1f0c2d60e456235eae703",
)
"""Leads of the people: new, to be tried again, and a success."""

PHONE = "+12025550171"
MIRA = {
    "phoneNumber": PHONE,
    "externalId": "mira-1",
    "callData": {"firstName": "Mira", "lastName": "Tolland"},
}
"""A lead that is not there yet."""


def add_lead(nlpearl: httpx.Client, **fields: Any) -> str:
    """Add Mira to the pearl. Returns the id of the lead."""
    answer = nlpearl.post(f"/v2/Outbound/{PEARL}/Lead", json=MIRA | fields)
    assert answer.status_code == 200, answer.text
    id: str = answer.json()["leadId"]
    return id


def simulate(
    control: httpx.Client, lead: str = ADA, outcome: str | None = "success", **more: Any
) -> Any:
    """Play an outcome for a lead; with None, the body says no outcome."""
    body = {"vendor": "nlpearl", "lead": lead} | more
    if outcome is not None:
        body["outcome"] = outcome
    answer = control.post("/simulate", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def advance(control: httpx.Client, seconds: float, **more: Any) -> Any:
    """Let the clock go on."""
    answer = control.post("/clock/advance", json={"seconds": seconds} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()
