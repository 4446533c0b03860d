-- Writes each transition to the log.
--
--   [plugin.log-transition]
--   file = "/etc/bellwether/scripts/log-transition.lua"
--
--   [[instance.web.hook]]
--   on     = ["master", "backup", "fault", "stop"]
--   plugin = "log-transition"
--
-- Parameters:
--   level  "info" (when absent), "warn", ...
--!strict

local function on_change(event)
  local kind = if event.is_group then "group" else "instance"
  local addresses = table.concat(event.addresses, " ")
  local line = `{kind} {event.name}: {event.previous} -> {event.state}: {event.cause}`
  if not event.is_group then
    line ..= ` (priority {event.priority}, {event.network_interface}: {addresses})`
  end
  host.log.write(event.parameters.level or "info", line)
  return true
end

return { on_change = on_change }
