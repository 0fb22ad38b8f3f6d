// Uses the clients that oapi-codegen generated: creates, reads, updates and lists with each, and
// reads a refusal as its typed error.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"clients/control"
	"clients/nlpearl"
	"clients/octanist"
	"clients/sela"
)

const account = "go"
const pearl = "66a1f0c2d60e456235eae601"
const noLead = "000000000000000000000000"

var ctx = context.Background()

func main() {
	url := os.Args[1]
	useSela(url + "/sela")
	useOctanist(url + "/octanist/api")
	useNLPearl(url + "/nlpearl")
	useControl(url + "/__admin")
}

func useSela(url string) {
	client := must(sela.NewClientWithResponses(url, sela.WithRequestEditorFn(header("Authorization", "Token "+account))))

	created := must(client.LeadsCreateWithResponse(ctx, sela.CreateLeadRequestRequest{PhoneNumber: "+12125550170"}))
	id := *created.JSON201.Id
	read := must(client.LeadsRetrieveWithResponse(ctx, id))
	expect(read.JSON200.PhoneNumber, "+12125550170")

	status := sela.StatusEnumCLOSED
	updated := must(client.LeadsPartialUpdateWithResponse(ctx, id, sela.PatchedUpdateLeadRequest{Status: &status}))
	expect(*updated.JSON200.Status, status)

	listed := must(client.LeadsListWithResponse(ctx, nil))
	expect(listed.JSON200.Count >= 1, true)

	absent := must(client.LeadsRetrieveWithResponse(ctx, 99999999))
	expect(absent.JSON404.Detail, "Not found.")
	refused := must(client.LeadsCreateWithResponse(ctx, sela.CreateLeadRequestRequest{PhoneNumber: "1"}))
	problems := must(refused.JSON400.AsFieldErrors())
	expect(len(problems["phone_number"]), 1)
}

func useOctanist(url string) {
	client := must(octanist.NewClientWithResponses(url, octanist.WithRequestEditorFn(header("X-API-KEY", account))))

	email := "go@example.com"
	created := must(client.CreateLeadWithResponse(ctx, octanist.NewLead{Email: &email}))
	id := created.JSON201.Data.Id
	read := must(client.GetLeadWithResponse(ctx, id))
	expect(*read.JSON200.Data.Email, email)

	status := octanist.LeadUpdateStatusWon
	updated := must(client.UpdateLeadWithResponse(ctx, octanist.LeadUpdate{Id: &id, Status: &status}))
	expect(updated.JSON200.Data.LeadsUpdated, 1)

	listed := must(client.ListLeadsWithResponse(ctx, &octanist.ListLeadsParams{}))
	expect(len(listed.JSON200.Data) >= 1, true)

	absent := must(client.GetLeadWithResponse(ctx, "nobody"))
	expect(absent.JSON404.Error.Code, octanist.ErrorErrorCodeNOTFOUND)
}

func useNLPearl(url string) {
	client := must(nlpearl.NewClientWithResponses(url, nlpearl.WithRequestEditorFn(header("Authorization", "Bearer "+account+":x"))))

	created := must(client.AddLeadWithResponse(ctx, pearl, nlpearl.LeadToAddApi{PhoneNumber: "+12025550123"}))
	id := *created.JSON200.LeadId
	read := must(client.GetLeadWithResponse(ctx, pearl, id))
	expect(*read.JSON200.PhoneNumber, "+12025550123")

	externalID := "crm-go"
	updated := must(client.UpdateLeadWithResponse(ctx, pearl, id, nlpearl.LeadToUpdateApi{ExternalId: &externalID}))
	expect(*updated.JSON200.ExternalId, externalID)

	listed := must(client.SearchLeadsWithResponse(ctx, pearl, nlpearl.LeadSearch{}))
	expect(*listed.JSON200.Count >= 1, true)

	absent := must(client.GetLeadWithResponse(ctx, pearl, noLead))
	expect(*absent.ApplicationproblemJSON404.Status, 404)
}

func useControl(url string) {
	client := must(control.NewClientWithResponses(url))

	name := account + "-control"
	created := must(client.CreateWorkspaceWithResponse(ctx, control.NewWorkspace{Name: &name}))
	expect(created.JSON201.Name, name)
	read := must(client.GetWorkspaceWithResponse(ctx, name))
	expect(read.JSON200.Requests, 0)

	var clock control.NewClock
	check(clock.FromFrozenClock(control.FrozenClock{}))
	updated := must(client.SetClockWithResponse(ctx, name, clock))
	expect(updated.JSON200.Mode, control.ClockModeFrozen)

	listed := must(client.ListWorkspacesWithResponse(ctx))
	expect(len(listed.JSON200.Workspaces) >= 1, true)

	absent := must(client.GetWorkspaceWithResponse(ctx, "nobody"))
	expect(absent.ApplicationproblemJSON404.Status, 404)
}

func header(name, value string) func(context.Context, *http.Request) error {
	return func(_ context.Context, request *http.Request) error {
		request.Header.Set(name, value)
		return nil
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func expect[T comparable](found, expected T) {
	if found != expected {
		panic(fmt.Sprintf("found %v, expected %v", found, expected))
	}
}
