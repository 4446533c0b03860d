-- haproxy: this node is well while its haproxy answers on its admin socket, and a backend has servers that are up.
-- Parameters:
--   socket   path of the socket ("stats socket" in haproxy.cfg), which the worker's user has to be able to open
--   backend  the backend that matters; when absent an answer is enough
--   min      fewest servers of it that are up; 1 when absent
--!strict

local KNOWN = { socket = "string", backend = "string", min = "number" }
-- Columns of `show stat` that are read (haproxy's management guide, 9.1).
local NAME, SERVER, STATUS = 1, 2, 18

-- All that it says to one command; it closes the connection after it.
local function asked(socket, command)
  local connection, err = host.tcp.connect_unix(socket)
  if not connection then
    return nil, err.message
  end
  local written, why = connection:write(command .. "\n")
  local parts = {}
  while written do
    local part
    part, why = connection:read()
    if not part or part == "" then
      break
    end
    table.insert(parts, part)
  end
  connection:close()
  if why then
    return nil, why.message
  end
  return table.concat(parts), nil
end

local function count(text, backend)
  local up, all = 0, 0
  for _, line in string.split(text, "\n") do
    local fields = string.split(line, ",")
    local server = fields[SERVER]
    if fields[NAME] == backend and server ~= "BACKEND" and server ~= "FRONTEND" then
      all += 1
      -- "UP", and "UP 1/3" on its way down; "no check" is up as far as haproxy knows.
      if string.match(fields[STATUS] or "", "^UP") or fields[STATUS] == "no check" then
        up += 1
      end
    end
  end
  return up, all
end

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `haproxy takes socket and backend, which are texts, and min, a number; not {name}`
    end
  end
  if not parameters.socket then
    return "unknown", 'haproxy needs the parameter socket, such as socket = "/run/haproxy/admin.sock"'
  end
  if not parameters.backend then
    local info, why = asked(parameters.socket, "show info")
    if not info then
      return "down", why
    end
    local version = string.match(info, "Version: ([^\n]+)")
    return if version then "up" else "down", if version then `haproxy {version} answers` else "it is no haproxy"
  end
  local stat, why = asked(parameters.socket, "show stat")
  if not stat then
    return "down", why
  end
  local up, all = count(stat, parameters.backend)
  if all == 0 then
    return "unknown", `haproxy has no backend {parameters.backend}`
  end
  return if up >= (parameters.min or 1) then "up" else "down", `{up} of {all} servers of {parameters.backend} are up`
end

return { check = check }
