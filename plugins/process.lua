-- process: this node is well while a program runs.
-- Parameters:
--   name      of the program, as pidof takes it: "haproxy" or "/usr/sbin/haproxy"
--   pid_file  instead: a file that holds its number
--   cgroup    instead: its control group below /sys/fs/cgroup, such as "system.slice/haproxy.service"
--   min       fewest processes of it; 1 when absent
--   max       most processes of it; any number when absent
--!strict

local KNOWN = { name = "string", pid_file = "string", cgroup = "string", min = "number", max = "number" }

-- How many there are, and how to call them.
local function by_name(name)
  local pids, err = host.files.processes(name)
  return pids and #pids, if pids then name else err.message
end

local function by_file(path)
  local text, err = host.files.read(path, 32)
  if not text then
    return if err.code == "name-not-found" then 0 else nil, if err.code == "name-not-found" then path else err.message
  end
  local pid = string.match(text, "^%s*(%d+)%s*$")
  if not pid then
    return nil, `{path} holds no number of a process`
  end
  local facts, why = host.files.facts(`/proc/{pid}`)
  if why then
    return nil, why.message
  end
  return if facts then 1 else 0, `{path} ({pid})`
end

local function by_group(group)
  local text, err = host.files.read(`/sys/fs/cgroup/{group}/cgroup.procs`)
  if not text then
    return if err.code == "name-not-found" then 0 else nil, if err.code == "name-not-found" then group else err.message
  end
  local _, count = string.gsub(text, "\n", "\n")
  return count, group
end

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown",
        `process takes name, pid_file and cgroup, which are texts, and min and max, which are numbers; not {name}`
    end
  end
  local count, what
  if parameters.name then
    count, what = by_name(parameters.name)
  elseif parameters.pid_file then
    count, what = by_file(parameters.pid_file)
  elseif parameters.cgroup then
    count, what = by_group(parameters.cgroup)
  else
    return "unknown", 'process needs the parameter name, such as name = "haproxy", or pid_file, or cgroup'
  end
  if not count then
    return "unknown", what
  end
  local words = `{count} {if count == 1 then "process" else "processes"} of {what}`
  if count < (parameters.min or 1) or count > (parameters.max or math.huge) then
    return "down", words
  end
  return "up", words
end

return { check = check }
