-- ping: an address is well when it answers echo requests.
-- Parameters:
--   host    address that is pinged; the real server's when absent
--   size    bytes that a request carries; 56 when absent
--   count   requests; 1 when absent
--   needed  answers that are enough; all when absent
--!strict

local KNOWN = { host = "string", size = "number", count = "number", needed = "number" }

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `ping takes host, a text, and size, count and needed, which are numbers; not {name}`
    end
  end
  local address = parameters.host or target.host
  if not address then
    return "unknown", "a tracker has no address: give ping the parameter host"
  end
  local count = parameters.count or 1
  local needed = parameters.needed or count
  local answers, sum, why = 0, 0, "no request was sent"
  for left = count, 1, -1 do
    -- Each request has its share of the time that is left.
    local took, err = host.icmp.ping(address, parameters.size, host.clock.remaining() // left)
    if took then
      answers += 1
      sum += took
    else
      why = err.message
    end
    if answers >= needed then
      return "up", string.format("%s answers in %.1f ms", address, sum / answers / 1000)
    end
  end
  return "down", if count > 1 then `{answers} of {count} answers: {why}` else why
end

return { check = check }
