-- bfd: a neighbour is well while FRR's bfdd has a BFD session with it that is up.
-- Parameters:
--   peer  address of the neighbour, as FRR has it below "bfd"
-- A session that an operator shut down, on either side, says nothing of the neighbour (RFC 5882 section 3.2).
--!strict

local VTYSH = "/usr/bin/vtysh"

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
    return "up", words
  end
  if session.status == "shutdown" or session["remote-diagnostic"] == "administratively down" then
    return "unknown", words
  end
  return "down", words
end

return { check = check }
