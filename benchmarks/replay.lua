-- wrk -s replay.lua URL -- REQUESTS CREDENTIAL HEADERS: sends the requests of a file in turn, one a line as `METHOD PATH BODY`, each
-- with that header line. With HEADERS = differing each request has one more header line, with a number of its own.
-- Reports `RESULT requests-a-second 99th-percentile-in-ms errors requests`.
local requests = {}
local n = 0
local sent = 0
local differing = false

function init(args)
  local name, value = args[2]:match("^([^:]+): (.+)$")
  differing = args[3] == "differing"
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
    local headers = {["Content-Type"] = "application/json", ["Host"] = wrk.headers["Host"]}
    headers[name] = value
    local text = wrk.format(method, path, headers, body ~= "" and body or nil)
    local line_end = select(2, text:find("\r\n", 1, true))
    table.insert(requests, {text, text:sub(1, line_end), text:sub(line_end + 1)})
  end
end

function request()
  n = n % #requests + 1
  if not differing then
    return requests[n][1]
  end
  sent = sent + 1
  return requests[n][2] .. "X-Request-Id: " .. sent .. "\r\n" .. requests[n][3]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %f %f %d %d\n", summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000,
    e.status + e.connect + e.read + e.write + e.timeout, summary.requests))
end
