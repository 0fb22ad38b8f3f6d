// Uses the types that openapi-typescript generated, with openapi-fetch: creates, reads, updates and
// lists with each, and reads a refusal as its typed error.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths as ControlPaths } from "./control.js";
import type { components as Nlpearl, paths as NlpearlPaths } from "./nlpearl.js";
import type { paths as OctanistPaths } from "./octanist.js";
import type { paths as SelaPaths } from "./sela.js";

const account = "typescript";
const pearlId = "66a1f0c2d60e456235eae601";
const noLead = "66552698d60e456235eae5ff";

async function useSela(url: string) {
  const headers = { Authorization: `Token ${account}` };
  const client = createClient<SelaPaths>({ baseUrl: url, headers });

  const created = await client.POST("/api/leads/", { body: { phone_number: "+12125550170" } });
  const id: number = created.data!.id!;
  const params = { path: { id } };
  const read = await client.GET("/api/leads/{id}/", { params });
  assert.equal(read.data!.phone_number, "+12125550170");
  const updated = await client.PATCH("/api/leads/{id}/", { params, body: { status: "CLOSED" } });
  assert.equal(updated.data!.status, "CLOSED");
  const listed = await client.GET("/api/leads/");
  assert(listed.data!.count >= 1);

  const absent = await client.GET("/api/leads/{id}/", { params: { path: { id: 99999999 } } });
  const problem: { detail: string } | undefined = absent.error;
  assert.equal(problem!.detail, "No Lead matches the given query.");
  const refused = await client.POST("/api/leads/", { body: { phone_number: "1" } });
  assert("phone_number" in refused.error!);
}

async function useOctanist(url: string) {
  const client = createClient<OctanistPaths>({ baseUrl: url, headers: { "X-API-KEY": account } });

  const created = await client.POST("/leads", { body: { email: "ts@example.com" } });
  const id: string = created.data!.data.id;
  const params = { path: { id } };
  const read = await client.GET("/leads/{id}", { params });
  assert.equal(read.data!.data.email, "ts@example.com");
  const updated = await client.PATCH("/leads", { body: { id, status: "won" } });
  assert.equal(updated.data!.data.leadsUpdated, 1);
  const listed = await client.GET("/leads");
  assert(listed.data!.data.length >= 1);

  const absent = await client.GET("/leads/{id}", { params: { path: { id: "nobody" } } });
  assert(absent.response.status === 404);
  assert.equal(absent.error!.error.code, "NOT_FOUND");
}

async function useNlpearl(url: string) {
  const headers = { Authorization: `Bearer ${account}:x` };
  const client = createClient<NlpearlPaths>({ baseUrl: url, headers });
  const pearl = { path: { pearlId } };

  const body = { phoneNumber: "+12025550123" };
  const created = await client.POST("/v2/Outbound/{pearlId}/Lead", { params: pearl, body });
  const leadId: string = created.data!.leadId!;
  const params = { path: { pearlId, leadId } };
  const read = await client.GET("/v2/Outbound/{pearlId}/Lead/{leadId}", { params });
  assert.equal(read.data!.phoneNumber, "+12025550123");
  const change = { externalId: "crm-ts" };
  const updated = await client.PUT("/v2/Outbound/{pearlId}/Lead/{leadId}", { params, body: change });
  assert.equal(updated.data!.externalId, "crm-ts");
  const listed = await client.POST("/v2/Outbound/{pearlId}/Leads", { params: pearl, body: {} });
  assert(listed.data!.count! >= 1);

  const nobody = { path: { pearlId, leadId: noLead } };
  const absent = await client.GET("/v2/Outbound/{pearlId}/Lead/{leadId}", { params: nobody });
  assert(absent.response.status === 400);
  const problem = absent.error as Nlpearl["schemas"]["ValidationProblemDetails"];
  assert.deepEqual(problem.errors!.leadId, ["The lead was not found."]);
}

async function useControl(url: string) {
  const client = createClient<ControlPaths>({ baseUrl: url });

  const name = `${account}-control`;
  const created = await client.POST("/workspaces", { body: { name } });
  assert.equal(created.data!.name, name);
  const params = { path: { workspace: name } };
  const read = await client.GET("/workspaces/{workspace}", { params });
  assert.equal(read.data!.requests, 0);
  const clock = await client.PUT("/workspaces/{workspace}/clock", { params, body: { mode: "frozen" } });
  assert.equal(clock.data!.mode, "frozen");
  const listed = await client.GET("/workspaces");
  assert(listed.data!.workspaces.length >= 1);

  const nobody = { path: { workspace: "nobody" } };
  const absent = await client.GET("/workspaces/{workspace}", { params: nobody });
  assert.equal(absent.error!.status, 404);
}

const url = process.argv[2];
await useSela(`${url}/sela`);
await useOctanist(`${url}/octanist/api`);
await useNlpearl(`${url}/nlpearl`);
await useControl(`${url}/__admin`);
