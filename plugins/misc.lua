-- misc: a command decides. Exit code 0 is well, anything else is not.
-- Parameters:
--   command  list of strings: program and arguments. Must be granted; runs without a shell.
--   dynamic  true: exit code 0 is well, 1 is not, and 2 to 255 is well with the weight 0 to 253 (keepalived's
--            misc_dynamic).
-- A command that is not done in time counts as failed, not as unknown: whoever runs it asked whether it succeeds
-- within the timeout, and the answer is no.
--!strict

local KNOWN = { command = "table", dynamic = "boolean", user = "string" }

local function mistake(parameters)
  for name, value in parameters do
    local wanted = KNOWN[name]
    if not wanted then
      return `misc knows no parameter {name}; it has command and dynamic`
    end
    if type(value) ~= wanted then
      return `parameter {name} of misc is a {type(value)}; it must be a {wanted}`
    end
  end
  if not parameters.command or #parameters.command == 0 then
    return 'misc needs the parameter command, such as command = ["/usr/bin/pidof", "haproxy"]'
  end
  return nil
end

-- The first line of what it printed.
local function said(outcome)
  local line = string.match(outcome.stdout, "^[^\r\n]+")
  return line and ": " .. line or ""
end

local function check(target)
  local wrong = mistake(target.parameters)
  if wrong then
    return "unknown", wrong
  end
  local program = target.parameters.command[1]
  local outcome, err = host.process.run(target.parameters.command)
  if not outcome then
    if err.code == "deadline" then
      return "down", `{program} timed out`
    end
    return "unknown", err.message
  end
  if outcome.timed_out then
    return "down", `{program} timed out after {outcome.took} ms`
  end
  if outcome.signal then
    return "down", `{program} was ended by signal {outcome.signal}`
  end
  local code = outcome.code
  if code == 0 then
    return "up", `{program} exited with 0{said(outcome)}`
  end
  if target.parameters.dynamic and code >= 2 and code <= 255 then
    return "up", `{program} exited with {code}: weight {code - 2}{said(outcome)}`, code - 2
  end
  return "down", `{program} exited with {code}{said(outcome)}`
end

return { check = check }
