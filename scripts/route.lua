-- Keeps a route while Master, as ip(8) writes it.
--
--   [plugin.route]
--   file        = "/etc/bellwether/scripts/route.lua"
--   grants.exec = [["/usr/sbin/ip", "*"]]
--
--   [[instance.web.resource]]
--   plugin     = "route"
--   interval   = "5s"
--   parameters = { route = "198.51.100.0/24 via 192.0.2.254" }
--
-- Parameters:
--   route  words for `ip route`
--   ip     path of the program; "/usr/sbin/ip" when absent
--!strict

local function ip(parameters, verb)
  if not parameters.route then
    return nil, 'route needs the parameter route, such as route = "198.51.100.0/24 via 192.0.2.254"'
  end
  local words = string.split(parameters.route, " ")
  local family = if string.find(words[1], ":", 1, true) then "-6" else "-4"
  local argv = { parameters.ip or "/usr/sbin/ip", family, "route", verb, table.unpack(words) }
  local outcome, err = host.process.run(argv)
  if not outcome then
    return nil, err.message
  end
  if outcome.code ~= 0 then
    return nil, `ip route {verb} {parameters.route}: exit code {outcome.code or "none"}`
  end
  return outcome.stdout
end

local function verify(event)
  local found, why = ip(event.parameters, "show")
  if not found then
    return nil, why
  end
  return found ~= ""
end

local function apply(event)
  return ip(event.parameters, "replace")
end

local function undo(event)
  local held, why = verify(event)
  if held == nil then
    return nil, why
  end
  if not held then
    return true
  end
  return ip(event.parameters, "del")
end

return { api = "0.1", verify = verify, apply = apply, undo = undo }
