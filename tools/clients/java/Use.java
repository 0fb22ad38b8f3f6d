import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Objects;

/**
 * Uses the clients that openapi-generator generated: creates, reads, updates and lists with each,
 * and reads a refusal as its typed error.
 */
public class Use {
  static final String ACCOUNT = "java";
  static final String PEARL = "66a1f0c2d60e456235eae601";
  static final String NO_LEAD = "66552698d60e456235eae5ff";

  // These clients leave the error's body to the caller, as text.
  static final ObjectMapper ERRORS = control.ApiClient.createDefaultObjectMapper();

  public static void main(String[] arguments) throws Exception {
    String url = arguments[0];
    useSela(url + "/sela");
    useOctanist(url + "/octanist/api");
    useNlpearl(url + "/nlpearl");
    useControl(url + "/__admin");
  }

  static void useSela(String url) throws Exception {
    var client = new sela.ApiClient();
    client.updateBaseUri(url);
    client.setRequestInterceptor(request -> request.header("Authorization", "Token " + ACCOUNT));
    var leads = new sela.api.LeadsApi(client);

    var lead = new sela.model.CreateLeadRequestRequest().phoneNumber("+12125550170");
    int id = leads.leadsCreate(lead).getId();
    expect(leads.leadsRetrieve(id).getPhoneNumber(), "+12125550170");
    var change = new sela.model.PatchedUpdateLeadRequest().status(sela.model.StatusEnum.CLOSED);
    expect(leads.leadsPartialUpdate(id, change).getStatus(), sela.model.StatusEnum.CLOSED);
    expect(leads.leadsList(1, 5).getCount() >= 1, true);

    try {
      leads.leadsRetrieve(99999999);
      throw new AssertionError("it is not refused");
    } catch (sela.ApiException error) {
      var problem = ERRORS.readValue(error.getResponseBody(), sela.model.Detail.class);
      expect(problem.getDetail(), "No Lead matches the given query.");
    }
    try {
      leads.leadsCreate(new sela.model.CreateLeadRequestRequest().phoneNumber("1"));
      throw new AssertionError("it is not refused");
    } catch (sela.ApiException error) {
      var problem = ERRORS.readValue(error.getResponseBody(), sela.model.FieldErrors.class);
      expect(problem.getAdditionalProperty("phone_number").size(), 1);
    }
  }

  static void useOctanist(String url) throws Exception {
    var client = new octanist.ApiClient();
    client.updateBaseUri(url);
    client.setRequestInterceptor(request -> request.header("X-API-KEY", ACCOUNT));
    var leads = new octanist.api.LeadsApi(client);

    var lead = new octanist.model.NewLead().email("java@example.com");
    String id = leads.createLead(lead).getData().getId();
    expect(leads.getLead(id).getData().getEmail(), "java@example.com");
    var change = new octanist.model.LeadUpdate().id(id);
    change.status(octanist.model.LeadUpdate.StatusEnum.WON);
    expect(leads.updateLead(change).getData().getLeadsUpdated(), 1);
    var all = octanist.api.LeadsApi.APIListLeadsRequest.newBuilder().build();
    expect(leads.listLeads(all).getData().size() >= 1, true);

    try {
      leads.getLead("nobody");
      throw new AssertionError("it is not refused");
    } catch (octanist.ApiException error) {
      var problem = ERRORS.readValue(error.getResponseBody(), octanist.model.Error.class);
      expect(problem.getError().getCode(), octanist.model.ErrorCode.NOT_FOUND);
    }
  }

  static void useNlpearl(String url) throws Exception {
    var client = new nlpearl.ApiClient();
    client.updateBaseUri(url);
    String credential = "Bearer " + ACCOUNT + ":x";
    client.setRequestInterceptor(request -> request.header("Authorization", credential));
    var leads = new nlpearl.api.OutboundApi(client);

    var lead = new nlpearl.model.LeadToAddApi().phoneNumber("+12025550123");
    String id = leads.addLead(PEARL, lead).getLeadId();
    expect(leads.getLead(PEARL, id).getPhoneNumber(), "+12025550123");
    var change = new nlpearl.model.LeadToUpdateApi().externalId("crm-java");
    expect(leads.updateLead(PEARL, id, change).getExternalId(), "crm-java");
    expect(leads.searchLeads(PEARL, new nlpearl.model.LeadSearch()).getCount() >= 1, true);

    try {
      leads.getLead(PEARL, NO_LEAD);
      throw new AssertionError("it is not refused");
    } catch (nlpearl.ApiException error) {
      var kind = nlpearl.model.ValidationProblemDetails.class;
      var problem = ERRORS.readValue(error.getResponseBody(), kind);
      expect(problem.getErrors().get("leadId").get(0), "The lead was not found.");
    }
  }

  static void useControl(String url) throws Exception {
    var client = new control.ApiClient();
    client.updateBaseUri(url);
    var workspaces = new control.api.WorkspacesApi(client);

    String name = ACCOUNT + "-control";
    var created = workspaces.createWorkspace(new control.model.NewWorkspace().name(name));
    expect(created.getName(), name);
    expect(workspaces.getWorkspace(name).getRequests(), 0);
    var frozen = new control.model.FrozenClock();
    frozen.mode(control.model.FrozenClock.ModeEnum.FROZEN);
    var clock = new control.api.ClockApi(client);
    var changed = clock.setClock(name, new control.model.NewClock(frozen));
    expect(changed.getMode(), control.model.ClockMode.FROZEN);
    expect(workspaces.listWorkspaces().getWorkspaces().size() >= 1, true);

    try {
      workspaces.getWorkspace("nobody");
      throw new AssertionError("it is not refused");
    } catch (control.ApiException error) {
      var problem = ERRORS.readValue(error.getResponseBody(), control.model.Problem.class);
      expect(problem.getStatus(), 404);
    }
  }

  static void expect(Object found, Object expected) {
    if (!Objects.equals(found, expected)) {
      throw new AssertionError("found " + found + ", expected " + expected);
    }
  }
}
