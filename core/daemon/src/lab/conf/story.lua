-- Told of each transition; what it logs stands in the daemon's log.
local plugin = {}

function plugin.on_change(event)
  host.log.write("info", "story.lua: " .. event.name .. " was " .. event.previous .. ", is " .. event.state)
end

return plugin
