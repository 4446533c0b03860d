-- Starts a unit where the address is, and stops it elsewhere.
--
--   [plugin.systemd-unit]
--   file         = "/etc/bellwether/scripts/systemd-unit.lua"
--   grants.exec  = [["/usr/bin/systemctl", "start", "nginx.service"], ["/usr/bin/systemctl", "stop", "nginx.service"]]
--   grants.units = ["nginx.service"]
--
--   [[instance.web.hook]]
--   on         = ["master", "backup", "fault", "stop"]
--   plugin     = "systemd-unit"
--   timeout    = "60s"
--   parameters = { unit = "nginx.service" }
--
-- Parameters:
--   unit       with its kind
--   master     what is done on MASTER; "start" when absent, or "reload", "restart"
--   otherwise  what is done on BACKUP, FAULT and STOP; "stop" when absent, or "none"
--   systemctl  path of the program; "/usr/bin/systemctl" when absent
--!strict

local function on_change(event)
  local parameters = event.parameters
  if not parameters.unit then
    return nil, 'systemd-unit needs the parameter unit, such as unit = "nginx.service"'
  end
  local verb = if event.state == "MASTER" then parameters.master or "start" else parameters.otherwise or "stop"
  if verb == "none" then
    return true
  end
  local outcome, err = host.process.run({ parameters.systemctl or "/usr/bin/systemctl", verb, parameters.unit })
  if not outcome then
    return nil, err.message
  end
  if outcome.code ~= 0 then
    return nil, `systemctl {verb} {parameters.unit}: exit code {outcome.code or "none"}`
  end
  return true
end

return { api = "0.1", on_change = on_change }
