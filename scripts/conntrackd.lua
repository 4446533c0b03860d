-- Keeps conntrackd's tables in step, so that connections outlive a takeover: what a new Master and a new Backup have to
-- do (conntrackd(8), FTFW and NOTRACK with separate caches).
--
--   [plugin.conntrackd]
--   file        = "/etc/bellwether/scripts/conntrackd.lua"
--   grants.exec = [["/usr/sbin/conntrackd", "*"]]
--
--   [[group.firewall.hook]]
--   on      = ["master", "backup", "fault"]
--   plugin  = "conntrackd"
--   timeout = "20s"
--
-- Parameters:
--   program  "/usr/sbin/conntrackd" when absent
--   config   its configuration file; its own default when absent
--!strict

local STEPS = {
  -- Commit what the other side told to the kernel, forget both caches, learn the kernel's table anew, tell the others.
  MASTER = { "-c", "-f", "-R", "-B" },
  -- Let entries that nobody refreshes go soon, and ask the new Master for its table.
  BACKUP = { "-t", "-n" },
  FAULT = { "-t" },
  STOP = {},
}

local function on_change(event)
  local parameters = event.parameters
  local program = parameters.program or "/usr/sbin/conntrackd"
  local failed = {}
  for _, step in STEPS[event.state] do
    local argv = { program, step }
    if parameters.config then
      argv = { program, "-C", parameters.config, step }
    end
    local outcome, err = host.process.run(argv)
    -- Each step is worth its own: one that fails does not keep the next from being done.
    if not outcome or outcome.code ~= 0 then
      table.insert(failed, `{step}: {if outcome then `exit code {outcome.code or "none"}` else err.message}`)
    end
  end
  if #failed > 0 then
    return nil, `{program} {table.concat(failed, "; ")}`
  end
  return true
end

return { api = "0.1", on_change = on_change }
