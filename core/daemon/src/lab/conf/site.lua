-- A real server is well when its page says who it is.
local plugin = {}

function plugin.check(target)
  local answer, err = host.http.send({ url = "http://shop.example/", connect_to = target })
  if not answer then return "down", err.message end
  if answer.status ~= 200 then return "down", "status " .. answer.status end
  return "up", string.match(answer.body, "%w+") .. " is well"
end

return plugin
