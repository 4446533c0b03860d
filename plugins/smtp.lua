-- smtp: a mail server is well when it greets, takes our name and says goodbye.
-- Parameters:
--   helo  the name we give; "bellwether.invalid" when absent
--!strict

-- The code of a reply, which may have several lines: `250-first`, `250 last` (RFC 5321 section 4.2.1).
local function reply(connection)
  for _ = 1, 100 do
    local line, err = connection:read_until("\n", 1024)
    if not line then
      return nil, err.message
    end
    local code, more = string.match(line, "^(%d%d%d)([ %-]?)")
    if not code then
      return nil, `it answers with {string.sub(line, 1, 60)}`
    end
    if more ~= "-" then
      return code, string.match(line, "^[^\r\n]*")
    end
  end
  return nil, "its reply does not end"
end

local function check(target)
  for name, value in target.parameters do
    if name ~= "helo" or type(value) ~= "string" then
      return "unknown", `smtp takes one parameter, helo, a text; not {name} = {tostring(value)}`
    end
  end
  if not target.host then
    return "unknown", "smtp checks a real server; a tracker has no address: use misc"
  end
  local connection, err = host.tcp.connect(target.host, target.port)
  if not connection then
    return "down", err.message
  end
  local greeted = ""
  for _, step in {
    { say = nil, wanted = "220" },
    { say = "HELO " .. (target.parameters.helo or "bellwether.invalid"), wanted = "250" },
    { say = "QUIT", wanted = "221" },
  } do
    if step.say then
      local written, why = connection:write(step.say .. "\r\n")
      if not written then
        return "down", why.message
      end
    end
    local code, line = reply(connection)
    if step.say == "QUIT" then
      -- It did its work; how it leaves is its own affair.
      break
    end
    if code ~= step.wanted then
      return "down", `{step.say or "greeting"}: {line}`
    end
    greeted = if step.say then greeted else line
  end
  connection:close()
  return "up", greeted
end

return { check = check }
