-- tcp: a real server is well when it takes a connection.
-- Parameters: none.
--!strict

local function check(target)
  for name in target.parameters do
    return "unknown", `tcp takes no parameter {name}`
  end
  if not target.host then
    return "unknown", "tcp checks a real server; a tracker has no address: use misc"
  end
  local before = host.clock.monotonic()
  local connection, err = host.tcp.connect(target.host, target.port)
  if not connection then
    return "down", err.message
  end
  connection:close()
  return "up", string.format("connected in %.1f ms", (host.clock.monotonic() - before) / 1000)
end

return { check = check }
