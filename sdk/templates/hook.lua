-- example: acts when an instance or group changes its state.
--!strict

-- What it takes. A mistake in the configuration is told before the hook is used.
local parameters = {
  { name = "greeting", kind = "text", meaning = "what the line in the log begins with" },
}

local function on_change(event)
  local greeting = event.parameters.greeting or "example"
  host.log.write("info", `{greeting}: {event.name} went from {event.previous} to {event.state}: {event.cause}`)
  -- `return nil, "why"` is a failure: it is logged, and shown by `bellwether status`.
  return true
end

return { parameters = parameters, on_change = on_change }
