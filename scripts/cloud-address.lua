-- Holds an address of a cloud while Master: Hetzner's floating IPs, DigitalOcean's reserved IPs, and what speaks as they do.
--
--   [plugin.cloud-address]
--   file          = "/etc/bellwether/scripts/cloud-address.lua"
--   grants.net    = ["0.0.0.0/0:443", "[::/0]:443"]
--   grants.secret = { token = "/etc/bellwether/cloud-token" }
--
--   [[instance.web.resource]]
--   plugin     = "cloud-address"
--   parameters = { provider = "hetzner", address = 4711, server = 42 }
--
-- Parameters:
--   provider  "hetzner" or "digitalocean"
--   address   number of the floating IP (hetzner), or the address itself (digitalocean)
--   server    number of this node there
--   api       where the API is, up to its version; the provider's own when absent
--!strict

-- Where each keeps the holder's number, and what it is asked to do.
local PROVIDERS = {
  hetzner = {
    api = "https://api.hetzner.cloud/v1",
    path = "floating_ips",
    holder = "/floating_ip/server",
    assign = function(server) return "/actions/assign", { server = server } end,
    release = function() return "/actions/unassign", {} end,
  },
  digitalocean = {
    api = "https://api.digitalocean.com/v2",
    path = "reserved_ips",
    holder = "/reserved_ip/droplet/id",
    assign = function(server) return "/actions", { type = "assign", droplet_id = server } end,
    release = function() return "/actions", { type = "unassign" } end,
  },
}

local function place(parameters)
  local provider = PROVIDERS[parameters.provider]
  if not provider then
    return nil, 'cloud-address needs the parameter provider: "hetzner" or "digitalocean"'
  end
  if not parameters.address or type(parameters.server) ~= "number" then
    return nil, "cloud-address needs the parameters address and server, such as address = 4711, server = 42"
  end
  return provider, `{parameters.api or provider.api}/{provider.path}/{parameters.address}`
end

local function send(method, url, body)
  local response, err = host.http.send({
    method = method,
    url = url,
    headers = {
      authorization = `Bearer {assert(host.secret.get("token"))}`,
      ["content-type"] = "application/json",
    },
    body = if body then assert(host.json.encode(body)) else nil,
  })
  if not response then
    return nil, err.message
  end
  if response.status >= 300 then
    return nil, `{method} {url}: status {response.status}: {string.sub(response.body, 1, 100)}`
  end
  return response.body
end

-- The number of the server that has it, or nil.
local function holder(provider, url)
  local body, why = send("GET", url)
  if not body then
    return nil, why
  end
  local found, err = host.json.find(body, provider.holder)
  return found, err and `{url}: {err.message}`
end

local function verify(event)
  local provider, url = place(event.parameters)
  if not provider then
    return nil, url
  end
  local found, why = holder(provider, url)
  if why then
    return nil, why
  end
  return found == event.parameters.server
end

local function apply(event)
  local provider, url = place(event.parameters)
  if not provider then
    return nil, url
  end
  local path, body = provider.assign(event.parameters.server)
  return send("POST", url .. path, body)
end

local function undo(event)
  local mine, why = verify(event)
  if mine == nil then
    return nil, why
  end
  if not mine then
    return true -- somebody else has it: a new Master, whose it is
  end
  local provider, url = place(event.parameters)
  local path, body = provider.release()
  return send("POST", url .. path, body)
end

return { api = "0.1", verify = verify, apply = apply, undo = undo }
