-- Keeps a table of nftables while Master: rules that only the Master may have, such as a NAT to its address.
--
--   [plugin.nft-rule]
--   file        = "/etc/bellwether/scripts/nft-rule.lua"
--   grants.exec = [["/usr/sbin/nft", "*"]]
--
--   [[instance.web.resource]]
--   plugin     = "nft-rule"
--   parameters = { table = "ip master_nat", rules = "chain out { type nat hook postrouting priority 100; oifname eth0 snat to 192.0.2.10; }" }
--
-- The table is the resource's own: it is made anew as a whole, in one transaction, and deleted as a whole.
--
-- Parameters:
--   table  family and name
--   rules  what stands between the braces of the table, on one line: each rule and each chain ends with a semicolon
--   nft    path of the program; "/usr/sbin/nft" when absent
--!strict

local function nft(parameters, ...)
  local outcome, err = host.process.run({ parameters.nft or "/usr/sbin/nft", ... })
  if not outcome then
    return nil, err.message
  end
  return outcome
end

local function wanted(parameters)
  local family, name = string.match(parameters.table or "", "^(%l+) ([%w_]+)$")
  if not family or not parameters.rules then
    return nil, 'nft-rule needs the parameters table and rules, such as table = "inet master", rules = "chain input { }"'
  end
  return family, name
end

-- The table as the kernel has it, without counters; nil when there is none.
local function listing(parameters, family, name)
  local outcome, why = nft(parameters, "--stateless", "list", "table", family, name)
  if not outcome then
    return nil, why
  end
  return if outcome.code == 0 then outcome.stdout else nil
end

local function verify(event)
  local parameters = event.parameters
  local family, name = wanted(parameters)
  if not family then
    return nil, name
  end
  local found, why = listing(parameters, family, name)
  if not found then
    if why then
      return nil, why
    end
    return false
  end
  if event.state ~= "MASTER" then
    return true -- whatever is in it, it has to go
  end
  -- As it was when it was made: a rule that somebody took out makes it another.
  return host.codec.digest("sha256", found) == host.kv.get("target", parameters.table)
end

local function apply(event)
  local parameters = event.parameters
  local family, name = wanted(parameters)
  if not family then
    return nil, name
  end
  local all = `table {family} {name}; delete table {family} {name}; table {family} {name} \{ {parameters.rules}; }`
  local outcome, why = nft(parameters, all)
  if not outcome then
    return nil, why
  end
  if outcome.code ~= 0 then
    return nil, `nft does not take the rules: exit code {outcome.code or "none"}`
  end
  local found, lost = listing(parameters, family, name)
  if not found then
    return nil, lost or `table {family} {name} is gone again`
  end
  assert(host.kv.set("target", parameters.table, host.codec.digest("sha256", found)))
  return true
end

local function undo(event)
  local parameters = event.parameters
  local family, name = wanted(parameters)
  if not family then
    return nil, name
  end
  -- Made first, so that a table that is not there is deleted as well as one that is.
  local outcome, why = nft(parameters, `table {family} {name}; delete table {family} {name}`)
  if not outcome then
    return nil, why
  end
  if outcome.code ~= 0 then
    return nil, `nft does not delete the table: exit code {outcome.code or "none"}`
  end
  host.kv.delete("target", parameters.table)
  return true
end

return { api = "0.1", verify = verify, apply = apply, undo = undo }
