-- Tells a chat of each transition: Slack, Mattermost, Rocket.Chat, and what else takes {"text": ...}.
--
--   [plugin.slack]
--   file          = "/etc/bellwether/scripts/slack.lua"
--   grants.net    = ["0.0.0.0/0:443", "[::/0]:443"]
--   grants.secret = { url = "/etc/bellwether/slack-url" }    # the URL is all that one needs to write there
--
--   [[instance.web.hook]]
--   on      = ["master", "backup", "fault"]
--   plugin  = "slack"
--   timeout = "10s"
--
-- Parameters:
--   field    the name of the text; "text" when absent, "content" for Discord
--   channel  where to, if the URL leaves it open
--!strict

local SIGN = { MASTER = "took over", BACKUP = "steps back", FAULT = "is at fault", STOP = "stops" }

local function on_change(event)
  local url = assert(host.secret.get("url"))
  local what = if event.is_group then `group {event.name}` else `{event.name} (priority {event.priority})`
  local addresses = table.concat(event.addresses, " ")
  local body = {
    [event.parameters.field or "text"] = `{what} {SIGN[event.state]}: {event.previous} -> {event.state}, {event.cause}`
      .. if addresses == "" then "" else `; {addresses}`,
    channel = event.parameters.channel,
  }
  local response, err = host.http.send({
    method = "POST",
    url = url,
    headers = { ["content-type"] = "application/json" },
    body = assert(host.json.encode(body)),
  })
  if not response then
    return nil, err.message
  end
  if response.status >= 300 then
    return nil, `status {response.status}: {string.sub(response.body, 1, 100)}`
  end
  return true
end

return { api = "0.1", on_change = on_change }
