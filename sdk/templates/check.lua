-- example: a real server is well when it greets as it should.
--!strict

-- What it takes. A mistake in the configuration is told before the check is used.
local parameters = {
  { name = "greeting", kind = "text", meaning = "what its first line begins with; any line when absent" },
}

local function check(target)
  local connection, err = host.tcp.connect(target.host, target.port)
  if not connection then
    return "down", err.message
  end
  local line, why = connection:read_until("\n", 1024)
  connection:close()
  if not line then
    return "down", why.message
  end
  local wanted = tostring(target.parameters.greeting or "")
  if string.sub(line, 1, #wanted) ~= wanted then
    return "down", `it greets with {line}`
  end
  return "up", `it greets with {line}`
end

return { parameters = parameters, check = check }
