"""Uses the clients that openapi-generator generated: creates, reads, updates and lists with each,
and reads a refusal as its typed error.
"""

import sys
from collections.abc import Callable
from typing import Any

import control
import nlpearl
import octanist
import sela

ACCOUNT = "openapi-generator"
PEARL = "66a1f0c2d60e456235eae601"
NO_LEAD = "66552698d60e456235eae5ff"


def use_sela(url: str) -> None:
    client = sela.ApiClient(sela.Configuration(host=url), "Authorization", f"Token {ACCOUNT}")
    leads = sela.LeadsApi(client)
    new = sela.CreateLeadRequestRequest(phone_number="+12125550170")
    created = leads.leads_create(new)
    assert leads.leads_retrieve(created.id).phone_number == "+12125550170"
    change = sela.PatchedUpdateLeadRequest(status=sela.StatusEnum.CLOSED)
    assert leads.leads_partial_update(created.id, change).status is sela.StatusEnum.CLOSED
    assert leads.leads_list().count >= 1

    absent = refusal(sela.ApiException, lambda: leads.leads_retrieve(99999999))
    assert absent == sela.Detail(detail="No Lead matches the given query.")
    bad = sela.CreateLeadRequestRequest(phone_number="1")
    refused = refusal(sela.ApiException, lambda: leads.leads_create(bad))
    assert isinstance(refused.actual_instance, sela.FieldErrors)
    assert "phone_number" in refused.actual_instance.additional_properties


def use_octanist(url: str) -> None:
    client = octanist.ApiClient(octanist.Configuration(host=url), "X-API-KEY", ACCOUNT)
    leads = octanist.LeadsApi(client)
    created = leads.create_lead(octanist.NewLead(email="generator@example.com"))
    assert leads.get_lead(created.data.id).data.email == "generator@example.com"
    change = octanist.LeadUpdate(id=created.data.id, status="won")
    assert leads.update_lead(change).data.leads_updated == 1
    assert leads.list_leads().data

    absent = refusal(octanist.ApiException, lambda: leads.get_lead("nobody"))
    assert isinstance(absent, octanist.Error)
    assert absent.error.code is octanist.ErrorCode.NOT_FOUND


def use_nlpearl(url: str) -> None:
    client = nlpearl.ApiClient(nlpearl.Configuration(host=url, access_token=f"{ACCOUNT}:x"))
    leads = nlpearl.OutboundApi(client)
    new = nlpearl.LeadToAddApi(phoneNumber="+12025550123")
    created = leads.add_lead(PEARL, lead_to_add_api=new)
    assert leads.get_lead(PEARL, created.lead_id).phone_number == "+12025550123"
    change = nlpearl.LeadToUpdateApi(externalId="crm-generator")
    updated = leads.update_lead(PEARL, created.lead_id, lead_to_update_api=change)
    assert updated.external_id == "crm-generator"
    assert leads.search_leads(PEARL, lead_search=nlpearl.LeadSearch()).count >= 1

    absent = refusal(nlpearl.ApiException, lambda: leads.get_lead(PEARL, NO_LEAD))
    assert isinstance(absent, nlpearl.ValidationProblemDetails)
    assert absent.errors["leadId"] == ["The lead was not found."]


def use_control(url: str) -> None:
    client = control.ApiClient(control.Configuration(host=url))
    workspaces = control.WorkspacesApi(client)
    name = f"{ACCOUNT}-control"
    assert workspaces.create_workspace(control.NewWorkspace(name=name)).name == name
    assert workspaces.get_workspace(name).requests == 0
    frozen = control.NewClock(control.FrozenClock(mode="frozen"))
    assert control.ClockApi(client).set_clock(name, frozen).mode == "frozen"
    assert workspaces.list_workspaces().workspaces

    absent = refusal(control.ApiException, lambda: workspaces.get_workspace("nobody"))
    assert isinstance(absent, control.Problem)
    assert absent.status == 404


def refusal(kind: type[Any], call: Callable[[], object]) -> Any:
    """What the call is refused with."""
    try:
        call()
    except kind as error:
        return error.data
    raise AssertionError("it is not refused")


if __name__ == "__main__":
    use_sela(f"{sys.argv[1]}/sela")
    use_octanist(f"{sys.argv[1]}/octanist/api")
    use_nlpearl(f"{sys.argv[1]}/nlpearl")
    use_control(f"{sys.argv[1]}/__admin")
