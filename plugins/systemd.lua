-- systemd: this node is well while a unit is active.
-- Parameters:
--   unit  its name with its kind, such as "haproxy.service"
--   sub   state below active that it must have, such as "running"; any when absent
--!strict

local KNOWN = { unit = "string", sub = "string" }

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `systemd takes unit and sub, which are texts; not {name}`
    end
  end
  if not parameters.unit then
    return "unknown", 'systemd needs the parameter unit, such as unit = "haproxy.service"'
  end
  local unit, err = host.systemd.unit(parameters.unit)
  if not unit then
    -- That the bus does not answer says nothing of the unit.
    return "unknown", err.message
  end
  local words = `{parameters.unit} is {unit.active} ({unit.sub})`
  if unit.active ~= "active" and unit.active ~= "reloading" or parameters.sub and parameters.sub ~= unit.sub then
    return "down", words
  end
  return "up", words
end

return { check = check }
