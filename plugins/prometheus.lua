-- prometheus: a server is well while a number that it exports is within bounds.
-- Parameters:
--   metric  name of the number
--   labels  table of names and values that a sample must have; any when absent
--   min     smallest good value
--   max     largest good value
--   sum     true: all samples together count; when absent each has to be good
--   path    "/metrics" when absent
--   scheme  "http" (when absent) or "https"
--   verify  true: over https the certificate must be good
--!strict

local KNOWN = {
  metric = "string", labels = "table", min = "number", max = "number", sum = "boolean", path = "string",
  scheme = "string", verify = "boolean",
}

local function has(sample, labels)
  for name, value in labels do
    if sample.labels[name] ~= value then
      return false
    end
  end
  return true
end

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `parameter {name} of prometheus is {KNOWN[name] or "not known"}, not a {type(value)}`
    end
  end
  if not parameters.metric then
    return "unknown", 'prometheus needs the parameter metric, such as metric = "pg_up"'
  end
  if not target.host then
    return "unknown", "prometheus asks a server; a tracker has no address: use misc"
  end
  local name = if string.find(target.host, ":", 1, true) then `[{target.host}]` else target.host
  local response, err = host.http.send({
    url = `{parameters.scheme or "http"}://{name}:{target.port}{parameters.path or "/metrics"}`,
    tls = { insecure = not parameters.verify },
  })
  if not response then
    return "down", err.message
  end
  if response.status ~= 200 then
    return "down", `status {response.status}`
  end
  -- The last line of a body that is cut is not whole.
  local body = if response.truncated then string.match(response.body, "^(.*)\n") or "" else response.body
  local samples, why = host.prometheus.find(body, parameters.metric)
  if not samples then
    return "down", why.message
  end
  local values, sum = {}, 0
  for _, sample in samples do
    if has(sample, parameters.labels or {}) then
      table.insert(values, sample.value)
      sum += sample.value
    end
  end
  -- What was cut off may hold another sample; only where one is looked for, one is enough.
  if response.truncated and (parameters.sum or #values ~= 1) then
    return "unknown", `longer than {#response.body} bytes`
  end
  if #values == 0 then
    return "down", `it exports no such {parameters.metric}`
  end
  for _, value in if parameters.sum then { sum } else values do
    -- NaN is within no bounds.
    if not (value >= (parameters.min or -math.huge) and value <= (parameters.max or math.huge)) then
      return "down", `{parameters.metric} is {value}`
    end
  end
  return "up", `{parameters.metric} is {if #values == 1 or parameters.sum then sum else `good in {#values} samples`}`
end

return { check = check }
