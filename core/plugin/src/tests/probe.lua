-- Does what its parameter says. The twin of sdk/rust/probe.

local function recurse(depth)
  return recurse(depth + 1) + 1
end

local acts = {}

function acts.log(_, text)
  host.log.write("warn", text)
  return "up", "logged"
end

function acts.kv()
  local mine = assert(host.kv.increment("target", "n", 1))
  local all = assert(host.kv.increment("plugin", "n"))
  assert(host.kv.set("target", "text", "kept"))
  local kept = host.kv.get("target", "text")
  local gone = host.kv.delete("target", "text") and host.kv.get("target", "text") == nil
  return "up", `{mine} of {all} {kept} {gone}`
end

function acts.clock()
  local before, left = host.clock.monotonic(), host.clock.remaining()
  host.clock.sleep(2)
  local slept = host.clock.monotonic() - before >= 2000
  return "up", `{slept} {left > 0 and left <= 60000} {host.clock.wall() > 1.7e15}`
end

function acts.digest()
  return "up", host.codec.digest("md5", "abc")
end

function acts.tcp(target)
  local connection, err = host.tcp.connect(target.host, target.port)
  if not connection then
    return "down", err.message
  end
  local greeting = assert(connection:read_until("\r\n", 100))
  assert(connection:write("ping\r\n"))
  local answer = assert(connection:read_exact(4))
  local rest = assert(connection:read(100))
  local same = connection:remote_endpoint().port == target.port
  local own = connection:local_endpoint().host == target.host
  connection:close()
  local closed = connection:read(1) == nil
  return "up", `{string.sub(greeting, 1, -3)} {answer} {#rest} {same} {own} {closed}`
end

function acts.http(target, path)
  local response, err = host.http.send({
    method = "POST",
    url = "http://www.example.com" .. path,
    headers = { ["x-probe"] = "1" },
    body = "body",
    connect_to = { host = target.host, port = target.port },
    max_body = 5,
  })
  if not response then
    return "down", err.message
  end
  return "up", `{response.status} {response.body} {response.truncated}`
end

function acts.regex()
  local groups = assert(host.regex.find("(\\w+)=(\\d+)(x)?", "a b=12"))
  local none, err = host.regex.find("^b", "ab")
  return "up", `{table.concat(groups, ",")} {none == nil and err == nil}`
end

function acts.udp(target)
  local answer, err = host.udp.exchange(target.host, target.port, "abc")
  if not answer then
    return "down", err.code
  end
  return "up", answer
end

function acts.ping(_, to)
  local took, err = host.icmp.ping(to, 100)
  if not took then
    return "down", err.message
  end
  return "up", `answered {took < 60e6}`
end

function acts.dns(target, name)
  local answer, err = host.dns.query(target.host, target.port, name, "A")
  if not answer then
    return "down", err.message
  end
  local first = answer.entries[1]
  return "up", `{answer.code} {answer.authoritative} {first.name} {first.kind} {first.ttl} {first.data}`
end

function acts.read(_, path)
  local text, err = host.files.read(path, 3)
  if not text then
    return "down", err.message
  end
  local facts = assert(host.files.facts(path))
  local none = host.files.facts(path .. ".none") == nil
  return "up", `{text} {facts.size} {facts.age < 1e12} {facts.is_directory} {none}`
end

function acts.processes(_, name)
  local found, err = host.files.processes(name)
  if not found then
    return "down", err.message
  end
  return "up", `{#found > 0}`
end

function acts.run(_, ...)
  local outcome, err = host.process.run({ ... })
  if not outcome then
    return "down", err.message
  end
  return "up", `{outcome.code} {(string.gsub(outcome.stdout, "%s+$", ""))}`
end

function acts.hmac()
  return "up", host.codec.hmac("sha1", "key", "data")
end

function acts.pbkdf2()
  return "up", assert(host.codec.pbkdf2("sha1", "password", "salt", 2))
end

function acts.base64()
  local back = assert(host.codec.base64_decode("AP8h"))
  local bad = host.codec.base64_decode("?") == nil
  return "up", `{host.codec.base64_encode("abc")} {#back} {bad}`
end

function acts.json()
  local text = '{"a":[1.5,"x",true,{"b":null}]}'
  local all = {}
  for _, pointer in { "/a/0", "/a/1", "/a/2", "/a/3", "/a/3/b" } do
    local value, err = host.json.find(text, pointer)
    assert(err == nil)
    table.insert(all, if value == nil then "none" else tostring(value))
  end
  return "up", table.concat(all, " ")
end

function acts.prometheus()
  local found = assert(host.prometheus.find('up{job="a"} 1\nup 0.5\ndown 7\n', "up"))
  local sum = 0
  for _, sample in found do
    sum += sample.value
  end
  return "up", `{#found} job={found[1].labels.job} {sum}`
end

function acts.metric()
  assert(host.metric.count("asked"))
  assert(host.metric.count("asked", 2))
  assert(host.metric.set("lag", -0.5))
  return "up", tostring(not pcall(host.metric.count, "lag"))
end

function acts.secret(_, name)
  local secret, err = host.secret.get(name)
  if not secret then
    return "down", err.message
  end
  return "up", secret
end

function acts.tell(_, name)
  local secret = assert(host.secret.get(name))
  host.log.write("warn", secret)
  return "unknown", `it is {secret}`
end

function acts.node()
  local load, memory = assert(host.node.load()), assert(host.node.memory())
  local sane = load.one >= 0 and load.fifteen >= 0 and memory.available <= memory.total
  return "up", `{sane} {assert(host.node.uptime()) > 0}`
end

function acts.instances()
  local all, web = host.node.instances(), host.node.instance("web")
  local words = `{web.state},{web.previous},{web.cause},{web.network_interface}`
  local places = `{table.concat(web.addresses, " ")} {table.concat(web.peers, " ")}`
  return "up", `{#all} {words} {web.priority} {places} {web.since > 0} {host.node.instance("none") == nil}`
end

function acts.unit(_, name)
  local unit, err = host.systemd.unit(name)
  if not unit then
    return "down", err.message
  end
  return "up", `{unit.active} {unit.sub}`
end

function acts.unix(_, path)
  local connection, err = host.tcp.connect_unix(path)
  if not connection then
    return "down", err.message
  end
  assert(connection:write("show info\n"))
  local answer = assert(connection:read_until("\n"))
  return "up", `{string.sub(answer, 1, -2)} {connection:remote_endpoint().port}`
end

function acts.redirect(target, path)
  local response, err = host.http.send({ url = `http://{target.host}:{target.port}{path}`, redirects = 1 })
  if not response then
    return "down", err.message
  end
  return "up", `{response.status} {response.certificate == nil}`
end

function acts.h2(target, path)
  local response, err = host.http.send({ url = `http://{target.host}:{target.port}{path}`, http2 = true })
  if not response then
    return "down", err.message
  end
  return "up", `{response.status} {response.body} {response.trailers["grpc-status"]}`
end

function acts.tls(target, authority)
  local connection = assert(host.tcp.connect(target.host, target.port))
  local none = connection:peer_certificate() == nil
  local good, err = connection:start_tls({
    authority = authority, server_name = "www.example.com", alpn = { "h2" },
  })
  if not good then
    return "down", err.message
  end
  return "up", `{none} {connection:peer_certificate().subject} {connection:protocol()}`
end

function acts.connect(_, to, port)
  local connection, err = host.tcp.connect(to, tonumber(port))
  if not connection then
    return "down", err.message
  end
  return "up", "connected"
end

function acts.sleep(_, millis)
  host.clock.sleep(tonumber(millis))
  return "up", "slept"
end

function acts.weight(_, weight)
  return "up", "weighed", tonumber(weight)
end

function acts.long()
  return "up", string.rep("ü", 1000)
end

function acts.spin()
  while true do end
end

function acts.eat()
  local held = {}
  while true do
    table.insert(held, string.rep(tostring(#held), 100000))
  end
end

function acts.recurse()
  return "up", tostring(recurse(1))
end

function acts.flood()
  for n = 1, 10000 do
    host.log.write("info", `flood {n}`)
  end
  return "up", "flooded"
end

acts["long-reason"] = function()
  return "up", string.rep("x", 4 * 2 ^ 20)
end

function acts.storm()
  local found = 0
  while true do
    if host.kv.get("plugin", "none") then found += 1 end
  end
end

function acts.output()
  local outcome, err = host.process.run({ "/bin/sh", "-c", "head -c 10000000 /dev/zero" })
  if not outcome then
    return "down", err.message
  end
  return "up", tostring(#outcome.stdout)
end

function acts.fail()
  error("as asked")
end

-- What only Lua can try.
function acts.spin_in_pcall()
  while true do
    pcall(function()
      while true do
        pcall(function() while true do end end)
      end
    end)
  end
end

function acts.spin_in_pattern()
  string.find(string.rep("a", 40000), string.rep("a-", 30) .. "b")
end

function acts.spin_in_coroutine()
  coroutine.wrap(function() while true do end end)()
end

acts["string-bomb"] = function()
  return "up", string.rep("x", 2 ^ 30)
end

function acts.nested_json()
  local t = {}
  for _ = 1, 100000 do
    t = { t }
  end
  return "up", assert(host.json.encode(t))
end

function acts.nonsense(_, what)
  if what == "nil" then return nil end
  if what == "status" then return "well" end
  if what == "number" then return 7 end
  if what == "reason" then return "up", {} end
  if what == "table" then return { status = "up", reason = "r", weight = "heavy" } end
  return setmetatable({}, { __index = function() error("hidden") end })
end

function acts.break_in()
  local found = {}
  for _, name in { "require", "loadstring", "load", "getfenv", "setfenv", "io", "debug", "package", "newproxy" } do
    if _G[name] ~= nil then table.insert(found, name) end
  end
  if os and os.execute then table.insert(found, "os") end
  if pcall(function() host.tcp.connect = 1 end) then table.insert(found, "host.tcp") end
  if pcall(function() host.new = 1 end) then table.insert(found, "host") end
  if pcall(function() string.rep = 1 end) then table.insert(found, "string") end
  return "up", table.concat(found, " ")
end

function acts.encode()
  local text = assert(host.json.encode({ a = { 1, 2.5, "x" }, b = true }))
  local back = assert(host.json.decode(text))
  local none, err = host.json.decode("{")
  return "up", `{back.a[2]} {back.b} {none == nil} {err.code}`
end

return {
  api = "0.1",
  verify = function(event)
    local found = host.kv.get("target", "so")
    if found == "broken" then
      return nil, `{event.name} is broken`
    end
    return found ~= nil
  end,
  apply = function(event)
    return host.kv.set("target", "so", if event.priority == 13 then "broken" else "so")
  end,
  undo = function()
    host.kv.delete("target", "so")
  end,
  check = function(target)
    local words = string.split(target.parameters.act or "", " ")
    local act = acts[words[1]]
    if not act then
      return "unknown", "no such act: " .. words[1]
    end
    return act(target, table.unpack(words, 2))
  end,
}
