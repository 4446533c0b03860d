-- Posts each transition as JSON, and tries again while there is time.
--
--   [plugin.webhook]
--   file       = "/etc/bellwether/scripts/webhook.lua"
--   grants.net = ["10.0.0.0/8:443"]          # where the URL points
--
--   [[instance.web.hook]]
--   on         = ["master", "backup", "fault"]
--   plugin     = "webhook"
--   timeout    = "10s"
--   parameters = { url = "https://ops.example.net/hooks/vrrp", headers = { authorization = "Bearer ..." } }
--
-- Parameters:
--   url       where to
--   headers   table of names and strings
--   insecure  true: take any certificate
--!strict

-- From one attempt to the next, in milliseconds.
local PAUSE = 500

local function on_change(event)
  local parameters = event.parameters
  if type(parameters.url) ~= "string" then
    return nil, 'webhook needs the parameter url, such as url = "https://ops.example.net/hook"'
  end
  local headers = { ["content-type"] = "application/json" }
  for name, value in parameters.headers or {} do
    headers[string.lower(name)] = value
  end
  local body = assert(host.json.encode({
    kind = if event.is_group then "group" else "instance",
    name = event.name,
    state = event.state,
    previous = event.previous,
    cause = event.cause,
    priority = event.priority,
    interface = event.network_interface,
    addresses = event.addresses,
    at = host.clock.wall(),
  }))
  local why = "no time"
  repeat
    local response, err = host.http.send({
      method = "POST",
      url = parameters.url,
      headers = headers,
      body = body,
      tls = { insecure = parameters.insecure == true },
    })
    if response and response.status >= 200 and response.status <= 299 then
      return true
    end
    why = if response then `status {response.status}` else err.message
    -- What the server refuses now it refuses again; only its own troubles pass.
    if response and response.status < 500 then
      break
    end
    host.clock.sleep(PAUSE)
  until host.clock.remaining() <= PAUSE
  return nil, `{parameters.url}: {why}`
end

return { on_change = on_change }
