"""Uses the clients that openapi-python-client generated: creates, reads, updates and lists with
each, and reads a refusal as its typed error.
"""

import sys

import control.models
import nlpearl.models
import octanist.models
import sela.models
from control.api.clock import set_clock
from control.api.workspaces import create_workspace, get_workspace, list_workspaces
from nlpearl.api.outbound import add_lead, search_leads
from nlpearl.api.outbound import get_lead as get_nlpearl_lead
from nlpearl.api.outbound import update_lead as update_nlpearl_lead
from octanist.api.leads import create_lead, get_lead, list_leads, update_lead
from sela.api.leads import leads_create, leads_list, leads_partial_update, leads_retrieve

ACCOUNT = "openapi-python-client"
PEARL = "66a1f0c2d60e456235eae601"
NO_LEAD = "66552698d60e456235eae5ff"


def use_sela(url: str) -> None:
    client = sela.AuthenticatedClient(base_url=url, token=ACCOUNT, prefix="Token")
    new = sela.models.CreateLeadRequestRequest(phone_number="+12125550170")
    created = leads_create.sync(client=client, body=new)
    read = leads_retrieve.sync(created.id, client=client)
    assert read.phone_number == "+12125550170"
    change = sela.models.PatchedUpdateLeadRequest(status=sela.models.StatusEnum.CLOSED)
    updated = leads_partial_update.sync(created.id, client=client, body=change)
    assert updated.status is sela.models.StatusEnum.CLOSED
    assert leads_list.sync(client=client).count >= 1

    absent = leads_retrieve.sync(99999999, client=client)
    assert absent == sela.models.Detail(detail="No Lead matches the given query.")
    bad = sela.models.CreateLeadRequestRequest(phone_number="1")
    refused = leads_create.sync(client=client, body=bad)
    assert isinstance(refused, sela.models.FieldErrors)
    assert "phone_number" in refused


def use_octanist(url: str) -> None:
    client = octanist.AuthenticatedClient(
        base_url=url, token=ACCOUNT, prefix="", auth_header_name="X-API-KEY"
    )
    new = octanist.models.NewLead(email="python@example.com")
    created = create_lead.sync(client=client, body=new)
    read = get_lead.sync(created.data.id, client=client)
    assert read.data.email == "python@example.com"
    won = octanist.models.LeadUpdateStatus.WON
    change = octanist.models.LeadUpdate(id=created.data.id, status=won)
    updated = update_lead.sync(client=client, body=change)
    assert updated.data.leads_updated == 1
    assert list_leads.sync(client=client).data

    absent = get_lead.sync("nobody", client=client)
    assert isinstance(absent, octanist.models.Error)
    assert absent.error.code is octanist.models.ErrorCode.NOT_FOUND


def use_nlpearl(url: str) -> None:
    client = nlpearl.AuthenticatedClient(base_url=url, token=f"{ACCOUNT}:x")
    new = nlpearl.models.LeadToAddApi(phone_number="+12025550123")
    created = add_lead.sync(PEARL, client=client, body=new)
    read = get_nlpearl_lead.sync(PEARL, created.lead_id, client=client)
    assert read.phone_number == "+12025550123"
    change = nlpearl.models.LeadToUpdateApi(external_id="crm-python")
    updated = update_nlpearl_lead.sync(PEARL, created.lead_id, client=client, body=change)
    assert updated.external_id == "crm-python"
    listed = search_leads.sync(PEARL, client=client, body=nlpearl.models.LeadSearch())
    assert listed.count >= 1

    absent = get_nlpearl_lead.sync(PEARL, NO_LEAD, client=client)
    assert isinstance(absent, nlpearl.models.ValidationProblemDetails)
    assert absent.errors["leadId"] == ["The lead was not found."]


def use_control(url: str) -> None:
    client = control.Client(base_url=url)
    name = f"{ACCOUNT}-control"
    created = create_workspace.sync(client=client, body=control.models.NewWorkspace(name=name))
    assert created.name == name
    assert get_workspace.sync(name, client=client).requests == 0
    frozen = control.models.FrozenClock(mode=control.models.FrozenClockMode.FROZEN)
    changed = set_clock.sync(name, client=client, body=frozen)
    assert changed.mode is control.models.ClockMode.FROZEN
    assert list_workspaces.sync(client=client).workspaces

    absent = get_workspace.sync("nobody", client=client)
    assert isinstance(absent, control.models.Problem)
    assert absent.status == 404


if __name__ == "__main__":
    use_sela(f"{sys.argv[1]}/sela")
    use_octanist(f"{sys.argv[1]}/octanist/api")
    use_nlpearl(f"{sys.argv[1]}/nlpearl")
    use_control(f"{sys.argv[1]}/__admin")
