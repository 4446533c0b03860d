-- dns: a name server is well when it answers a question without an error.
-- Parameters:
--   name     what is asked for; "." when absent
--   type     A, AAAA, NS, CNAME, SOA, PTR, MX, TXT, SRV or CAA; SOA when absent
--   records  true: an answer without records is not enough
--!strict

local KNOWN = { name = "string", type = "string", records = "boolean" }

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `dns takes name and type, which are texts, and records, true or false; not {name}`
    end
  end
  if not target.host then
    return "unknown", "dns checks a real server; a tracker has no address: use misc"
  end
  local name, kind = parameters.name or ".", parameters.type or "SOA"
  local answer, err = host.dns.query(target.host, target.port, name, kind)
  if not answer then
    return "down", err.message
  end
  if answer.code ~= "NOERROR" then
    return "down", `{name} {kind}: {answer.code}`
  end
  if parameters.records and #answer.entries == 0 then
    return "down", `{name} {kind}: no records`
  end
  local first = answer.entries[1]
  return "up", `{name} {kind}: {if first then first.data else "answered"}`
end

return { check = check }
