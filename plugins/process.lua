-- process: this node is well while a program runs.
-- Parameters:
--   name  of the program, as pidof takes it: "haproxy" or "/usr/sbin/haproxy"
--   min   fewest processes of it; 1 when absent
--   max   most processes of it; any number when absent
--!strict

local KNOWN = { name = "string", min = "number", max = "number" }

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `process takes name, a text, and min and max, which are numbers; not {name}`
    end
  end
  if not parameters.name then
    return "unknown", 'process needs the parameter name, such as name = "haproxy"'
  end
  local pids, err = host.files.processes(parameters.name)
  if not pids then
    return "unknown", err.message
  end
  local count = #pids
  local words = `{count} {if count == 1 then "process" else "processes"} of {parameters.name}`
  if count < (parameters.min or 1) or count > (parameters.max or math.huge) then
    return "down", words
  end
  return "up", words
end

return { check = check }
