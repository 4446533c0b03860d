-- redis: a real server is well when it answers, and has the role that is wanted.
-- Parameters: role ("master" or "slave"; any when absent).

local function check(target)
  local connection, err = host.tcp.connect(target.host, target.port)
  if not connection then
    return "down", err.message
  end
  connection:write("ROLE\r\nQUIT\r\n")
  -- An array of strings, of which the first is the role: *5 $6 master ...
  local answer, why = connection:read_until("+OK\r\n", 4096)
  connection:close()
  if not answer then
    return "down", why.message
  end
  local role = string.match(answer, "^%*%d+\r\n%$%d+\r\n(%a+)\r\n")
  if not role then
    return "down", "unexpected answer: " .. string.sub(answer, 1, 60)
  end
  local wanted = target.parameters.role
  if wanted and role ~= wanted then
    return "down", "it is a " .. role .. ", not a " .. wanted
  end
  return "up", "it is a " .. role
end

return { check = check }
