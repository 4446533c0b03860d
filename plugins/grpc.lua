-- grpc: a server is well when it says by gRPC's health protocol (grpc.health.v1) that it is serving.
-- Parameters:
--   service      whose health is asked, such as "shop.Cart"; the whole server's when absent
--   scheme       "http" (when absent) or "https"
--   host         name asked for; the real server's address when absent
--   verify       true: over https the certificate must be good; false when absent, as a real server seldom has its own
--   ca_file      file (PEM) with the only authorities to trust; implies verify
--   client_file  file (PEM) with the certificate and key that we show
--!strict

local KNOWN = {
  service = "string", scheme = "string", host = "string", verify = "boolean", ca_file = "string", client_file = "string",
}
-- HealthCheckResponse.ServingStatus (grpc/health/v1/health.proto).
local SERVING = { [0] = "UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN" }
-- Codes of gRPC that mean more than their message says (grpc's statuscodes.md).
local MEANS = { ["5"] = "it knows no such service", ["12"] = "it has no health service (grpc.health.v1)" }

local function mistake(parameters)
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return `grpc does not take {name} = {tostring(value)}; it takes service, scheme, host, verify, ca_file, client_file`
    end
  end
  local scheme = parameters.scheme
  if scheme and scheme ~= "http" and scheme ~= "https" then
    return `scheme {scheme} of grpc is neither http nor https`
  end
  return nil
end

-- A number of protobuf: seven bits a byte, the lowest first.
local function varint(number)
  local bytes = {}
  while number >= 128 do
    table.insert(bytes, string.char(128 + number % 128))
    number //= 128
  end
  return table.concat(bytes) .. string.char(number)
end

-- The number at `at` and what comes after it, or nil where it does not end.
local function number_at(bytes, at)
  local number = 0
  for index = 0, 9 do
    local byte = string.byte(bytes, at + index)
    if not byte then
      return nil, at
    end
    number += byte % 128 * 2 ^ (7 * index)
    if byte < 128 then
      return number, at + index + 1
    end
  end
  return nil, at
end

-- What HealthCheckResponse says: field 1, a number; 0 when it is left out. nil where it is no such message.
local function status_of(message)
  local status, at = 0, 1
  while at <= #message do
    local key, value, after
    key, at = number_at(message, at)
    if not key then
      return nil
    end
    local kind = key % 8
    if kind == 0 then
      value, after = number_at(message, at)
      if not value then
        return nil
      end
      status = if key == 8 then value else status
    elseif kind == 2 then
      local length, from = number_at(message, at)
      after = length and from + length
    else
      after = if kind == 1 then at + 8 elseif kind == 5 then at + 4 else nil
    end
    if not after or after > #message + 1 then
      return nil
    end
    at = after
  end
  return status
end

-- What the answer says, or nil and why it says nothing.
local function judged(response)
  if response.status ~= 200 then
    return nil, `status {response.status} of HTTP`
  end
  local code = response.trailers["grpc-status"] or response.headers["grpc-status"]
  if code ~= "0" then
    local said = response.trailers["grpc-message"] or response.headers["grpc-message"]
    local coded = `status {code} of gRPC{if said then `: {said}` else ""}`
    return nil, if code then MEANS[code] or coded else "the answer is not gRPC"
  end
  local body = response.body
  local length = if #body < 5 then nil else string.unpack(">I4", body, 2)
  if not length or string.byte(body, 1) ~= 0 or #body ~= 5 + length then
    return nil, "the answer is no message of gRPC"
  end
  local status = status_of(string.sub(body, 6))
  return status, "the answer is no word on health"
end

local function check(target)
  local parameters = target.parameters
  local wrong = mistake(parameters)
  if wrong then
    return "unknown", wrong
  end
  if not target.host then
    return "unknown", "grpc checks a real server; a tracker has no address: use misc"
  end
  local name = if string.find(target.host, ":", 1, true) then `[{target.host}]` else target.host
  local service = parameters.service or ""
  local message = if service == "" then "" else `\x0a{varint(#service)}{service}`
  local response, err = host.http.send({
    http2 = true,
    method = "POST",
    url = `{parameters.scheme or "http"}://{parameters.host or `{name}:{target.port}`}/grpc.health.v1.Health/Check`,
    connect_to = { host = target.host, port = target.port },
    headers = { ["content-type"] = "application/grpc", te = "trailers" },
    body = `\0{string.pack(">I4", #message)}{message}`,
    tls = {
      insecure = not parameters.verify and not parameters.ca_file,
      authority = parameters.ca_file,
      identity = parameters.client_file,
    },
  })
  if not response then
    return "down", err.message
  end
  local status, why = judged(response)
  if not status then
    return "down", why
  end
  return if status == 1 then "up" else "down", SERVING[status] or `status {status} of health`
end

return { check = check }
