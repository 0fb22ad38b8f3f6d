"""Clients as their users wrote them: the vendors' own addresses are constants in their source.

Each creates a lead, updates it, and prints what it reads back. A credential is all that it is
given.
"""

SELA_CURL = """
set -e
api=https://api.trysela.com/api/leads
ask() { curl -sSf -H "Authorization: Token $KEY" -H 'Content-Type: application/json' "$@"; }
id=$(ask -d '{"phone_number": "+12025550199"}' $api/ | sed -E 's/.*"id": ?([0-9]+).*/\\1/')
ask -X PATCH -d '{"email": "new@example.com"}' "$api/$id/" >/dev/null
ask "$api/$id/" | grep -o new@example.com
"""

OCTANIST_CURL = """
set -e
api=https://octanist.com/api/leads
ask() { curl -sSf -H "X-API-KEY: $KEY" -H 'Content-Type: application/json' "$@"; }
id=$(ask -d '{"email": "new@example.com"}' $api | sed -E 's/.*"id": ?"([^"]+)".*/\\1/')
ask -X PATCH -d '{"email": "new@example.com", "status": "won"}' $api >/dev/null
ask $api/$id | grep -o '"status": *"won"' | grep -o won
"""

SELA_REQUESTS = """
import os, requests
api = "https://api.trysela.com/api/leads/"
headers = {"Authorization": "Token " + os.environ["KEY"]}
made = requests.post(api, json={"phone_number": "+12025550199"}, headers=headers).json()
lead = f"{api}{made['id']}/"
requests.patch(lead, json={"email": "new@example.com"}, headers=headers).raise_for_status()
print(requests.get(lead, headers=headers).json()["email"])
"""

OCTANIST_REQUESTS = """
import os, requests
api = "https://octanist.com/api/leads"
headers = {"X-API-KEY": os.environ["KEY"]}
new = {"email": "new@example.com"}
made = requests.post(api, json=new, headers=headers).json()["data"]["id"]
requests.patch(api, json=new | {"status": "won"}, headers=headers).raise_for_status()
print(requests.get(f"{api}/{made}", headers=headers).json()["data"]["status"])
"""

HTTPX = """
import os, httpx
api = "https://octanist.com/api/leads"
new = {"email": "new@example.com"}
with httpx.Client(headers={"X-API-KEY": os.environ["KEY"]}) as client:
    made = client.post(api, json=new).json()["data"]["id"]
    client.patch(api, json=new | {"status": "won"}).raise_for_status()
    print(client.get(f"{api}/{made}").json()["data"]["status"])
"""

URLLIB = """
import json, os
from urllib.request import Request, urlopen
api = "https://octanist.com/api/leads"
headers = {"X-API-KEY": os.environ["KEY"], "Content-Type": "application/json"}
def ask(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, headers, method=method)) as answer:
        return json.load(answer)
new = {"email": "new@example.com"}
made = ask("POST", api, new)["data"]["id"]
ask("PATCH", api, new | {"status": "won"})
print(ask("GET", f"{api}/{made}")["data"]["status"])
"""

# It has no method for Octanist or Sela; it is the only SDK that a vendor has published.
NLPEARL_SDK = """
import os
import nlpearl
nlpearl.api_key = os.environ["KEY"]
pearl = "66a1f0c2d60e456235eae601"
made = nlpearl.Outbound.add_lead(pearl, "+12025550199", external_id="crm-99")
made = made["leadId"] if isinstance(made, dict) else made
nlpearl.Outbound.update_lead(pearl, made, external_id="crm-100")
print(nlpearl.Outbound.get_lead_by_id(pearl, made)["externalId"])
"""

NODE = """
const api = "https://octanist.com/api/leads";
const headers = { "X-API-KEY": process.env.KEY, "Content-Type": "application/json" };
const ask = async (method, url, body) =>
  (await fetch(url, { method, headers, body: body && JSON.stringify(body) })).json();
const made = (await ask("POST", api, { email: "new@example.com" })).data.id;
await ask("PATCH", api, { email: "new@example.com", status: "won" });
console.log((await ask("GET", `${api}/${made}`)).data.status);
"""

PHP = """
<?php
$call = curl_init("https://octanist.com/api/leads");
curl_setopt($call, CURLOPT_HTTPHEADER, ["X-API-KEY: " . getenv("KEY")]);
curl_setopt($call, CURLOPT_RETURNTRANSFER, true);
if (curl_exec($call) === false) { fwrite(STDERR, curl_error($call)); exit(1); }
echo curl_getinfo($call, CURLINFO_RESPONSE_CODE);
"""

GO = """
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func ask(method, url, header, value, body string) map[string]any {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set(header, value)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	found := map[string]any{}
	if err := json.Unmarshal(text, &found); err != nil {
		panic(string(text))
	}
	return found
}

func main() {
	key := os.Getenv("KEY")
	octanist := "https://octanist.com/api/leads"
	made := ask("POST", octanist, "X-API-KEY", key, `{"email": "new@example.com"}`)
	id := made["data"].(map[string]any)["id"].(string)
	ask("PATCH", octanist, "X-API-KEY", key, `{"email": "new@example.com", "status": "won"}`)
	read := ask("GET", octanist+"/"+id, "X-API-KEY", key, "")
	sela := "https://api.trysela.com/api/leads/"
	lead := ask("POST", sela, "Authorization", "Token "+key, `{"phone_number": "+12025550199"}`)
	address := fmt.Sprintf("%s%.0f/", sela, lead["id"])
	ask("PATCH", address, "Authorization", "Token "+key, `{"email": "new@example.com"}`)
	lead = ask("GET", address, "Authorization", "Token "+key, "")
	fmt.Println(read["data"].(map[string]any)["status"], lead["email"])
}
"""

JAVA = """
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Pattern;

class Client {
    static final String OCTANIST = "https://octanist.com/api/leads";
    static final String SELA = "https://api.trysela.com/api/leads/";
    static final HttpClient http = HttpClient.newHttpClient();

    static String ask(String method, String url, String header, String value, String body)
            throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url))
            .header(header, value)
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    static String found(String pattern, String text) {
        var matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) throw new IllegalStateException(text);
        return matcher.group(1);
    }

    public static void main(String[] arguments) throws Exception {
        var key = System.getenv("KEY");
        var made = ask("POST", OCTANIST, "X-API-KEY", key, "{\\"email\\": \\"new@example.com\\"}");
        var id = found("\\"id\\": ?\\"(\\\\w+)\\"", made);
        ask("PATCH", OCTANIST, "X-API-KEY", key,
            "{\\"email\\": \\"new@example.com\\", \\"status\\": \\"won\\"}");
        var read = ask("GET", OCTANIST + "/" + id, "X-API-KEY", key, "");
        var token = "Token " + key;
        var lead = ask("POST", SELA, "Authorization", token, "{\\"phone_number\\": \\"+12025550199\\"}");
        var address = SELA + found("\\"id\\": ?(\\\\d+)", lead) + "/";
        ask("PATCH", address, "Authorization", token, "{\\"email\\": \\"new@example.com\\"}");
        lead = ask("GET", address, "Authorization", token, "");
        System.out.println(found("\\"status\\": ?\\"(\\\\w+)\\"", read) + " "
            + found("\\"email\\": ?\\"([^\\"]+)\\"", lead));
    }
}
"""
