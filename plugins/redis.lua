-- redis: a server of redis or valkey is well when it answers, and has the role that is wanted.
-- Parameters:
--   role      "master" or "slave"; any when absent
--   password  given by AUTH first
--   password_file  file that holds it, which only root has to be able to read
--   user      whose password it is; the default user when absent
--   lag       most seconds since a slave last heard of its master
--!strict

local KNOWN = {
  role = "string", password = "string", password_file = "string", user = "string", lag = "number",
}

-- A command as the protocol writes it: an array of strings.
local function command(...)
  local parts = { `*{select("#", ...)}\r\n` }
  for _, word in { ... } do
    table.insert(parts, `${#word}\r\n{word}\r\n`)
  end
  return table.concat(parts)
end

-- One reply: its text. An error of the server is `nil` and what it says.
local function reply(connection)
  local line, err = connection:read_until("\r\n", 4096)
  if not line then
    return nil, err.message
  end
  local kind, rest = string.sub(line, 1, 1), string.sub(line, 2, -3)
  if kind == "$" and tonumber(rest) and tonumber(rest) >= 0 then
    local text, why = connection:read_exact(tonumber(rest) + 2)
    if not text then
      return nil, why.message
    end
    return string.sub(text, 1, -3), nil
  end
  if kind == "+" then
    return rest, nil
  end
  return nil, if kind == "-" then rest else `unexpected answer: {string.sub(line, 1, 60)}`
end

local function asked(connection, ...)
  local written, err = connection:write(command(...))
  if not written then
    return nil, err.message
  end
  return reply(connection)
end

local function judge(info, parameters)
  local role = string.match(info, "role:(%a+)")
  if not role then
    return "down", "it does not tell its role"
  end
  if parameters.role and role ~= parameters.role then
    return "down", `it is a {role}, not a {parameters.role}`
  end
  if role == "slave" then
    if string.match(info, "master_link_status:(%a+)") ~= "up" then
      return "down", "it is a slave that does not hear of its master"
    end
    local silent = tonumber(string.match(info, "master_last_io_seconds_ago:(%-?%d+)"))
    if parameters.lag and (not silent or silent < 0 or silent > parameters.lag) then
      return "down", `it is a slave that last heard of its master {silent or "?"} s ago`
    end
  end
  return "up", `it is a {role}`
end

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown",
        `redis takes role, password, password_file and user, which are texts, and lag, a number; not {name}`
    end
  end
  if not target.host then
    return "unknown", "redis checks a real server; a tracker has no address: use misc"
  end
  local connection, err = host.tcp.connect(target.host, target.port)
  if not connection then
    return "down", err.message
  end
  local password = parameters.password
  if parameters.password_file then
    local secret, none = host.secret.get(parameters.password_file)
    if not secret then
      return "unknown", none.message
    end
    password = secret
  end
  if password then
    local words = { password }
    if parameters.user then
      table.insert(words, 1, parameters.user)
    end
    local good, why = asked(connection, "AUTH", table.unpack(words))
    if not good then
      return "down", why
    end
  end
  local info, why = asked(connection, "INFO", "replication")
  connection:close()
  if not info then
    return "down", why
  end
  return judge(info, parameters)
end

return { check = check }
