-- file: this node is well while a file is there, or is not, or says something.
-- Parameters:
--   path      the file
--   absent    true: it must not be there, as a flag that takes a server out of service
--   contains  what must stand in it
--   age       most seconds since it was last written
--!strict

local KNOWN = { path = "string", absent = "boolean", contains = "string", age = "number" }

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `file takes path and contains, which are texts, absent, true or false, and age, a number; not {name}`
    end
  end
  local path = parameters.path
  if not path then
    return "unknown", 'file needs the parameter path, such as path = "/run/maintenance"'
  end
  local facts, err = host.files.facts(path)
  if err then
    return "unknown", err.message
  end
  if parameters.absent then
    return if facts then "down" else "up", if facts then `{path} is there` else `{path} is not there`
  end
  if not facts then
    return "down", `{path} is not there`
  end
  if parameters.age and facts.age > parameters.age * 1000 then
    return "down", `{path} was last written {facts.age // 1000} s ago`
  end
  if parameters.contains then
    local text, why = host.files.read(path)
    if not text then
      return "unknown", why.message
    end
    if not string.find(text, parameters.contains, 1, true) then
      return "down", `{path} does not contain {parameters.contains}`
    end
  end
  return "up", `{path} is there`
end

return { check = check }
