-- mysql: a server of MySQL or MariaDB is well when it lets us in, answers a query, and has the role that is wanted.
-- Parameters:
--   user           "root" when absent
--   password_file  file with the password, which only root has to be able to read
--   role           "primary" (it may be written) or "replica" (it may not); any when absent
--   lag            most seconds that a replica is behind; the user needs REPLICATION CLIENT (or REPLICA MONITOR) for it
--   galera         true: it must be synced with its cluster
--   tls            true: asks for TLS, and takes any certificate
--!strict

local KNOWN = {
  user = "string", password_file = "string", role = "string", lag = "number", galera = "boolean", tls = "boolean",
}
-- Capabilities (MySQL's internals manual, "Capability Flags"): long password, protocol 4.1, TLS, transactions, secure
-- connection, plugins that authenticate.
local LONG_PASSWORD, PROTOCOL_41, SSL, TRANSACTIONS, SECURE, PLUGIN_AUTH = 0x1, 0x200, 0x800, 0x2000, 0x8000, 0x80000
local PACKET_MAX, UTF8 = 2 ^ 24, 33

-- What the world answers ends the conversation; a mistake of this file's is raised by the host.
local function must(value, err)
  if value == nil then
    error({ message = err.message })
  end
  return value
end

-- The password; one that cannot be read is no word about the server.
local function password_of(parameters)
  if not parameters.password_file then
    return ""
  end
  local password, err = host.secret.get(parameters.password_file)
  if not password then
    error({ status = "unknown", message = err.message })
  end
  return password
end

local function bytes(hex)
  return (string.gsub(hex, "%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function digest(algorithm, text)
  return bytes(host.codec.digest(algorithm, text))
end

local function xor(a, b)
  local result = {}
  for at = 1, #a do
    result[at] = string.char(bit32.bxor(string.byte(a, at), string.byte(b, at)))
  end
  return table.concat(result)
end

-- A conversation: its connection and the number of the next packet.
local function send(talk, body)
  must(talk.connection:write(string.pack("<I3B", #body, talk.number) .. body))
  talk.number = (talk.number + 1) % 256
end

local function receive(talk)
  local length, number = string.unpack("<I3B", must(talk.connection:read_exact(4)))
  talk.number = (number + 1) % 256
  local body = if length > 0 then must(talk.connection:read_exact(length)) else ""
  if string.byte(body) == 0xff then
    -- Code, then a state with its mark, then words.
    error({ message = string.match(string.sub(body, 4), "^#.....(.*)") or string.sub(body, 4) })
  end
  return body
end

-- What proves that we know the password.
local function proof(method, password, salt)
  if password == "" then
    return ""
  elseif method == "mysql_native_password" then
    local once = digest("sha1", password)
    return xor(once, digest("sha1", salt .. digest("sha1", once)))
  elseif method == "caching_sha2_password" then
    local once = digest("sha256", password)
    return xor(once, digest("sha256", digest("sha256", once) .. salt))
  end
  error({ message = `it wants a way of proving ourselves that we do not know ({method})` })
end

-- After the first proof: good, another method, or (caching_sha2_password) the password itself.
local function convince(talk, method, password, encrypted)
  while true do
    local answer = receive(talk)
    local kind = string.byte(answer)
    if kind == 0x00 then
      return
    elseif kind == 0xfe then
      local name, salt = string.unpack("z", answer, 2)
      method = name
      send(talk, proof(method, password, string.sub(answer, salt, salt + 19)))
    elseif kind == 0x01 and string.byte(answer, 2) == 4 then
      if not encrypted then
        error({ message = "it wants the password itself, which only TLS may carry: set tls = true" })
      end
      send(talk, password .. "\0")
    end
  end
end

local function log_in(talk, parameters)
  local greeting = receive(talk)
  if string.byte(greeting) ~= 10 then
    error({ message = "it does not greet as a server of MySQL does" })
  end
  local version, at = string.unpack("z", greeting, 2)
  local salt = string.sub(greeting, at + 4, at + 11)
  -- Filler, capabilities, character set, status, capabilities, length of the salt, ten reserved bytes; then its rest.
  local rest = at + 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10
  salt ..= string.sub(greeting, rest, rest + 11)
  local method = string.match(greeting, "^([%w_]+)", rest + 13) or "mysql_native_password"
  local flags = LONG_PASSWORD + PROTOCOL_41 + TRANSACTIONS + SECURE + PLUGIN_AUTH
  if parameters.tls then
    flags += SSL
    send(talk, string.pack("<I4I4B", flags, PACKET_MAX, UTF8) .. string.rep("\0", 23))
    must(talk.connection:start_tls({ insecure = true }))
  end
  local password = password_of(parameters)
  local answer = proof(method, password, salt)
  local head = string.pack("<I4I4B", flags, PACKET_MAX, UTF8) .. string.rep("\0", 23)
  send(talk, head .. (parameters.user or "root") .. "\0" .. string.char(#answer) .. answer .. method .. "\0")
  convince(talk, method, password, parameters.tls)
  return version
end

-- A text of which the length stands before it, and where it ends.
local function text(body, at)
  local first = string.byte(body, at)
  if first == 0xfb then
    return nil, at + 1
  end
  local length, from = first, at + 1
  if first == 0xfc then
    length, from = string.unpack("<I2", body, at + 1)
  elseif first == 0xfd then
    length, from = string.unpack("<I3", body, at + 1)
  elseif first == 0xfe then
    length, from = string.unpack("<I8", body, at + 1)
  end
  return string.sub(body, from, from + length - 1), from + length
end

-- The first row by the names of its columns; nil without a row.
local function query(talk, words)
  talk.number = 0
  send(talk, "\3" .. words)
  local count = string.byte(receive(talk))
  local names, row = {}, nil
  for column = 1, count do
    local body, at = receive(talk), 1
    -- Catalogue, database, table, original table; then the name.
    for _ = 1, 4 do
      _, at = text(body, at)
    end
    names[column] = text(body, at)
  end
  receive(talk)
  while true do
    local body = receive(talk)
    if string.byte(body) == 0xfe and #body < 9 then
      return row
    end
    local at, value = 1, nil
    local found = {}
    for column = 1, count do
      value, at = text(body, at)
      found[names[column]] = value
    end
    row = row or found
  end
end

local function judge(talk, parameters, version)
  if parameters.role then
    local row = query(talk, "SELECT @@global.read_only AS ro")
    local role = if row and row.ro == "0" then "primary" else "replica"
    if role ~= parameters.role then
      return "down", `it is a {role}, not a {parameters.role}`
    end
  end
  if parameters.galera then
    local row = query(talk, "SHOW STATUS LIKE 'wsrep_local_state_comment'")
    local state = row and row.Value or "not part of a cluster"
    if state ~= "Synced" then
      return "down", `it is {state}`
    end
  end
  if parameters.lag then
    local row = query(talk, "SHOW SLAVE STATUS")
    local behind = row and (row.Seconds_Behind_Master or row.Seconds_Behind_Source)
    if not tonumber(behind) then
      return "down", "it does not replicate"
    end
    if tonumber(behind) > parameters.lag then
      return "down", `it is {behind} s behind`
    end
  end
  query(talk, "SELECT 1")
  return "up", `{version} answers`
end

local function converse(target, parameters)
  local talk = { connection = must(host.tcp.connect(target.host, target.port)), number = 0 }
  local version = log_in(talk, parameters)
  local status, reason = judge(talk, parameters, version)
  talk.number = 0
  send(talk, "\1")
  talk.connection:close()
  return { status = status, reason = reason }
end

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `parameter {name} of mysql is {KNOWN[name] or "not known"}, not a {type(value)}`
    end
  end
  if not target.host then
    return "unknown", "mysql asks a server; a tracker has no address: use misc"
  end
  local good, verdict = pcall(converse, target, parameters)
  if good then
    return verdict
  end
  if type(verdict) == "table" then
    return verdict.status or "down", verdict.message
  end
  -- A limit, or what is not granted: no word about the server.
  error(verdict, 0)
end

return { check = check }
