-- A realistic check: it connects, reads twice, counts and logs.
local acts = {}

function acts.real(target)
  local connection = assert(host.tcp.connect(target.host, target.port))
  assert(connection:read_until("\n", 100))
  assert(connection:write("ping\r\n"))
  local answer = assert(connection:read_until("\n", 100))
  connection:close()
  assert(host.kv.increment("target", "n"))
  host.log.write("debug", "looked")
  return "up", answer
end

function acts.waits()
  for _ = 1, 3 do
    host.clock.sleep(0)
  end
  assert(host.kv.increment("target", "n"))
  host.log.write("debug", "looked")
  return "up"
end

function acts.count()
  return "up", tostring(host.kv.increment("target", "n"))
end

function acts.sleep()
  host.clock.sleep(20000)
  return "up"
end

return {
  check = function(target)
    return acts[target.parameters.act](target)
  end,
}
