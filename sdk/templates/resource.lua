-- example: holds something while an instance or group is Master.
-- Parameters:
--   url  where it is; it is put there, looked at and deleted again
--!strict

local function send(event, method)
  if not event.parameters.url then
    return nil, 'example needs the parameter url'
  end
  local response, err = host.http.send({ method = method, url = event.parameters.url, body = event.name })
  if not response then
    return nil, err.message
  end
  if response.status >= 300 and response.status ~= 404 then
    return nil, `{method}: status {response.status}`
  end
  return response
end

-- Whether it is so now: true, false, or nil and why that is not known.
local function verify(event)
  local response, why = send(event, "GET")
  if not response then
    return nil, why
  end
  return response.status ~= 404 and response.body == event.name
end

-- Makes it so. May be called when it is so already.
local function apply(event)
  return send(event, "PUT")
end

-- Makes it so no longer. What a new Master put there meanwhile is its own.
local function undo(event)
  local mine, why = verify(event)
  if mine == nil then
    return nil, why
  end
  if not mine then
    return true
  end
  return send(event, "DELETE")
end

return { verify = verify, apply = apply, undo = undo }
