-- wrk -s replay.lua URL -- REQUESTS CREDENTIAL: sends the requests of a file in turn, one a line as `METHOD PATH BODY`, each with that
-- header line, and reports `RESULT requests-a-second 99th-percentile-in-ms errors`.
local requests = {}
local n = 0

function init(args)
  local name, value = args[2]:match("^([^:]+): (.+)$")
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
    local headers = {["Content-Type"] = "application/json", ["Host"] = wrk.headers["Host"]}
    headers[name] = value
    table.insert(requests, wrk.format(method, path, headers, body ~= "" and body or nil))
  end
end

function request()
  n = n % #requests + 1
  return requests[n]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %f %f %d\n", summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000,
    e.status + e.connect + e.read + e.write + e.timeout))
end
