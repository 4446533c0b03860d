-- udp: a server is well when it answers a datagram, or at least nobody says that its port is closed.
-- Parameters:
--   payload  what is sent, in hexadecimal; nothing when absent
--   reply    what the answer must begin with, in hexadecimal, x for any digit; then there must be an answer
--   min      fewest bytes of an answer
--   max      most bytes of an answer
--   wait     milliseconds to wait for somebody to say that the port is closed, when no answer is needed; 500 when absent
--!strict

local KNOWN = { payload = "string", reply = "string", min = "number", max = "number", wait = "number" }

local function bytes(hex)
  if #hex % 2 == 1 or string.find(hex, "%X") then
    return nil
  end
  return (string.gsub(hex, "%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function hexadecimal(data)
  return (string.gsub(data, ".", function(byte) return string.format("%02x", string.byte(byte)) end))
end

-- Whether the answer begins as it should; x is any digit.
local function fits(answer, wanted)
  local have = hexadecimal(string.sub(answer, 1, #wanted // 2))
  if #have < #wanted then
    return false
  end
  for at = 1, #wanted do
    local digit = string.lower(string.sub(wanted, at, at))
    if digit ~= "x" and digit ~= string.sub(have, at, at) then
      return false
    end
  end
  return true
end

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `udp takes payload and reply, which are texts, and min, max and wait, which are numbers; not {name}`
    end
  end
  if not target.host then
    return "unknown", "udp checks a real server; a tracker has no address: use misc"
  end
  local payload = bytes(parameters.payload or "")
  local wanted = parameters.reply
  if not payload or wanted and (#wanted % 2 == 1 or string.find(wanted, "[^%xxX]")) then
    return "unknown", "payload and reply of udp are hexadecimal, two digits for each byte"
  end
  local needed = wanted or parameters.min
  local wait = if needed then nil else math.min(parameters.wait or 500, host.clock.remaining())
  local answer, err = host.udp.exchange(target.host, target.port, payload, wait)
  if not answer then
    if not needed and (err.code == "timeout" or err.code == "deadline") then
      return "up", "nobody says that the port is closed"
    end
    return "down", err.message
  end
  if #answer < (parameters.min or 0) or #answer > (parameters.max or math.huge) then
    return "down", `it answers with {#answer} bytes`
  end
  if wanted and not fits(answer, wanted) then
    return "down", `it answers with {hexadecimal(string.sub(answer, 1, 32))}`
  end
  return "up", `it answers with {#answer} bytes`
end

return { check = check }
