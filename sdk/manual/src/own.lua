---@meta bellwether
--- What a Lua plugin of bellwether sees. Written from sdk/wit by `cargo run -p manual`. For lua-language-server: put this
--- folder into `workspace.library`.
---
--- What the world answers comes back as `nil, err`; a mistake of the plugin (not granted, bad argument) is raised and
--- ends the run as `unknown`. Times are milliseconds where nothing else is said.

---@alias bellwether.Status "up"|"down"|"unknown"

---@class bellwether.Target what `check` is given
---@field about string what is checked, in words; the same for the same check
---@field host? string where to look; trackers have none
---@field port? integer
---@field timeout integer longest time for this run
---@field parameters table as configured

---@class bellwether.Verdict
---@field status bellwether.Status
---@field reason? string why, in words for the operator
---@field weight? integer proposed weight of the real server, 0 to 65535

---@class bellwether.Event what `on_change`, `verify`, `apply` and `undo` are given
---@field is_group boolean
---@field name string of the instance or group
---@field state "MASTER"|"BACKUP"|"FAULT"|"STOP"
---@field previous "Initialize"|"Backup"|"Master"|"Fault"
---@field cause string why, in words
---@field priority integer effective; 0 for a group
---@field network_interface string empty for a group
---@field addresses string[]
---@field parameters table as configured

---@class bellwether.Plugin the table that a plugin's file returns
---@field api? string version of the host API that it wants, such as "0.1"
---@field parameters? bellwether.Parameter[] what it takes; when absent any are taken, and it looks at them itself
---@field check? fun(target: bellwether.Target): bellwether.Verdict|bellwether.Status, string?, integer?
---@field on_change? fun(event: bellwether.Event): boolean?, string? `nil, message` is a failure
---@field verify? fun(event: bellwether.Event): boolean?, string? whether what it makes true while Master is so
---@field apply? fun(event: bellwether.Event): boolean?, string? makes it so
---@field undo? fun(event: bellwether.Event): boolean?, string? makes it so no longer

host = {}

host = {}

---Values of any type: the one thing that sdk/wit cannot say.
host.json = {}
---@param value any a table with a length is a list, any other an object
---@return string? text
---@return bellwether.Error? err
function host.json.encode(value) end
---@param text string
---@return any value null is nil
---@return bellwether.Error? err
function host.json.decode(text) end
