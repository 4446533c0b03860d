-- bfd: a neighbour is well while FRR's bfdd has a BFD session with it that is up.
-- Parameters:
--   peer  address of the neighbour, as FRR has it below "bfd"
-- A session that an operator shut down, on either side, says nothing of the neighbour (RFC 5882 section 3.2), nor does one
-- that comes up again after that.
--!strict

local VTYSH = "/usr/bin/vtysh"
-- Microseconds that a session has to come up again: until it is up, each side sends one packet a second (RFC 5880
-- section 6.8.3).
local GRACE = 5_000_000
local SHUT = "shut"

-- FRR 8.4 gives no diagnostic when it is shut down. A neighbour that only lost us, or began anew, says Down and not
-- AdminDown, which takes the session on to init.
local function is_shut(session)
  local remote = session["remote-diagnostic"]
  return session.status == "shutdown"
    or remote == "administratively down"
    or session.status == "down" and session.diagnostic == "neighbor signaled session down" and remote == "ok"
end

local function check(target)
  local peer = target.parameters.peer
  for name, value in target.parameters do
    if name ~= "peer" or type(value) ~= "string" then
      return "unknown", `bfd takes peer, which is a text; not {name}`
    end
  end
  if not peer then
    return "unknown", 'bfd needs the parameter peer, such as peer = "192.0.2.2"'
  end
  local outcome, err = host.process.run({ VTYSH, "-c", `show bfd peer {peer} json` })
  if not outcome then
    return "unknown", err.message
  end
  if outcome.timed_out then
    return "unknown", `{VTYSH} timed out after {outcome.took} ms`
  end
  local session = outcome.code == 0 and host.json.decode(outcome.stdout)
  if type(session) ~= "table" or type(session.status) ~= "string" then
    local line = string.match(outcome.stdout, "[^\r\n]+") or `{VTYSH} says nothing`
    return "unknown", `no session with {peer}: {line}`
  end
  local why = if session.diagnostic and session.diagnostic ~= "ok" then `: {session.diagnostic}` else ""
  local words = `the session with {peer} is {session.status}{why}`
  if session.status == "up" then
    host.kv.delete("target", SHUT)
    return "up", words
  end
  local now = host.clock.monotonic()
  if is_shut(session) then
    host.kv.set("target", SHUT, tostring(now))
    return "unknown", words
  end
  local shut = host.kv.get("target", SHUT)
  -- Silence is no part of coming up.
  local silent = session.diagnostic == "control detection time expired"
  if shut and not silent and now - (tonumber(shut) or 0) < GRACE then
    return "unknown", words
  end
  return "down", words
end

return { check = check }
