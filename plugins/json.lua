-- json: a server is well when what it says of itself by HTTP is as wanted, as etcd, Patroni, Consul and others do.
-- Parameters:
--   path    of the URL; "/" when absent
--   field   where to look in the answer, such as "status" or "members.1.state"
--   equals  what must stand there: a text, a number, true or false; anything but null, false or nothing when absent
--   scheme  "http" (when absent) or "https"
--   host    in the URL; the real server's address when absent
--   verify  true: over https the certificate must be good
--   status  code that the answer must have; 200 when absent
--!strict

local KNOWN = { path = "string", field = "string", scheme = "string", host = "string", verify = "boolean", status = "number" }

local function mistake(parameters)
  for name, value in parameters do
    if name ~= "equals" and KNOWN[name] ~= type(value) then
      return `json does not take {name} = {tostring(value)}; it takes path, field, equals, scheme, host, verify, status`
    end
  end
  if not parameters.field then
    return 'json needs the parameter field, such as field = "status"'
  end
  return nil
end

local function look(value, field)
  for _, name in string.split(field, ".") do
    if type(value) ~= "table" then
      return nil
    end
    value = if value[name] ~= nil then value[name] else value[tonumber(name) or name]
  end
  return value
end

local function check(target)
  local parameters = target.parameters
  local wrong = mistake(parameters)
  if wrong then
    return "unknown", wrong
  end
  if not target.host then
    return "unknown", "json checks a real server; a tracker has no address: use misc"
  end
  local name = if string.find(target.host, ":", 1, true) then `[{target.host}]` else target.host
  local response, err = host.http.send({
    url = `{parameters.scheme or "http"}://{parameters.host or `{name}:{target.port}`}{parameters.path or "/"}`,
    headers = { accept = "application/json" },
    connect_to = { host = target.host, port = target.port },
    tls = { insecure = not parameters.verify },
  })
  if not response then
    return "down", err.message
  end
  if response.status ~= (parameters.status or 200) then
    return "down", `status {response.status}`
  end
  local answer, why = host.json.decode(response.body)
  if why then
    return "down", `the answer is no JSON: {why.message}`
  end
  local found = look(answer, parameters.field)
  local said = if type(found) == "table" then "a table" else tostring(found)
  if parameters.equals == nil and (found == nil or found == false) or parameters.equals ~= nil and found ~= parameters.equals then
    return "down", `{parameters.field} is {said}`
  end
  return "up", `{parameters.field} is {said}`
end

return { check = check }
