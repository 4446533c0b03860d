-- gateway: this node has a way out while enough of several addresses answer echo requests.
-- Parameters:
--   hosts   list of addresses that are pinged
--   needed  answers that are enough; 1 when absent
--   tries   requests to each; 2 when absent
--!strict

local KNOWN = { hosts = "table", needed = "number", tries = "number" }

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `gateway takes hosts, a list, and needed and tries, which are numbers; not {name}`
    end
  end
  local hosts = parameters.hosts
  if not hosts or #hosts == 0 then
    return "unknown", 'gateway needs the parameter hosts, such as hosts = ["192.0.2.1", "192.0.2.2"]'
  end
  local needed, tries = parameters.needed or 1, parameters.tries or 2
  local good, why = {}, {}
  -- All are asked once before one is asked twice: a dead one must not take the time of the others.
  for try = 1, tries do
    for place, address in hosts do
      local asked = (try - 1) * #hosts + place
      if not good[address] then
        local took, err = host.icmp.ping(address, nil, host.clock.remaining() // (tries * #hosts - asked + 1))
        good[address] = took ~= nil
        why[address] = err and err.message
      end
      local count = 0
      for _, answered in good do
        count += if answered then 1 else 0
      end
      if count >= needed then
        return "up", `{count} of {#hosts} answer`
      end
    end
  end
  local silent = {}
  for _, address in hosts do
    if not good[address] then
      table.insert(silent, why[address] or address)
    end
  end
  return "down", `{#hosts - #silent} of {#hosts} answer, {needed} are needed: {table.concat(silent, "; ")}`
end

return { check = check }
