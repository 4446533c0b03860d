-- postgres: a server of PostgreSQL is well when it lets us in, answers a query, and has the role that is wanted.
-- Parameters:
--   user           "postgres" when absent
--   database       the user's name when absent
--   password_file  file with the password, which only root has to be able to read
--   role           "primary" or "standby"; any when absent
--   lag            most seconds that a standby is behind; cut off from its primary: since its last transaction
--   tls            true: asks for TLS, and takes any certificate
--!strict

local KNOWN = {
  user = "string", database = "string", password_file = "string", role = "string", lag = "number", tls = "boolean",
}
-- One row: whether it is a standby, and seconds since the last transaction that it replayed; NULL when it replayed none
-- since it started. A standby that has everything its primary sent is not behind, however long nothing happened, as long
-- as it hears of its primary: whoever may log in sees whether there is a receiver, if not what it does. Where the primary
-- was idle, one that is cut off counts as behind for longer than it is.
local QUERY = "SELECT pg_is_in_recovery(), CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() "
  .. "AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver) THEN 0 "
  .. "ELSE EXTRACT(EPOCH FROM now() - pg_last_xact_replay_timestamp()) END"
-- Frontend/backend protocol 3.0 and the code of SSLRequest (PostgreSQL's manual, "Message Formats").
local PROTOCOL, SSL_REQUEST = 196608, 80877103

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

local function xor(a, b)
  local result = {}
  for at = 1, #a do
    result[at] = string.char(bit32.bxor(string.byte(a, at), string.byte(b, at)))
  end
  return table.concat(result)
end

local function send(connection, kind, body)
  return must(connection:write(kind .. string.pack(">I4", #body + 4) .. body))
end

-- The kind and body of the next message. What the server complains of is an error.
local function receive(connection)
  local head = must(connection:read_exact(5))
  local kind, length = string.unpack(">c1I4", head)
  local body = if length > 4 then must(connection:read_exact(length - 4)) else ""
  if kind == "E" then
    error({ message = string.match(body, "\0M([^\0]*)") or "it complains" })
  end
  return kind, body
end

-- SCRAM-SHA-256 (RFC 5802, RFC 7677), as the server challenges us to.
local function scram(connection, password)
  local mac = function(key, text)
    return bytes(host.codec.hmac("sha256", key, text))
  end
  local nonce = host.codec.digest("sha256", `{host.clock.wall()} {host.clock.monotonic()}`)
  local first = `n=,r={nonce}`
  local hello = "n,," .. first
  send(connection, "p", "SCRAM-SHA-256\0" .. string.pack(">I4", #hello) .. hello)
  local _, body = receive(connection)
  local challenge = string.sub(body, 5)
  local both, salt, rounds = string.match(challenge, "^r=([^,]+),s=([^,]+),i=(%d+)")
  if not both or string.sub(both, 1, #nonce) ~= nonce then
    error({ message = "it answers another's question" })
  end
  local salted = must(host.codec.pbkdf2("sha256", password, must(host.codec.base64_decode(salt)), tonumber(rounds)))
  salted = bytes(salted)
  local last = `c=biws,r={both}`
  local key = mac(salted, "Client Key")
  local stored = bytes(host.codec.digest("sha256", key))
  local proof = xor(key, mac(stored, `{first},{challenge},{last}`))
  send(connection, "p", `{last},p={host.codec.base64_encode(proof)}`)
  -- Its own proof: that it knows our password too is not our question.
  receive(connection)
end

local function log_in(connection, parameters)
  local user = parameters.user or "postgres"
  local words = { "user", user, "database", parameters.database or user, "" }
  local body = string.pack(">I4", PROTOCOL) .. table.concat(words, "\0") .. "\0"
  must(connection:write(string.pack(">I4", #body + 4) .. body))
  local password = password_of(parameters)
  while true do
    local kind, text = receive(connection)
    if kind == "Z" then
      return
    elseif kind == "R" then
      local method = string.unpack(">I4", text)
      if method == 3 then
        send(connection, "p", password .. "\0")
      elseif method == 5 then
        local inner = host.codec.digest("md5", password .. user)
        send(connection, "p", "md5" .. host.codec.digest("md5", inner .. string.sub(text, 5, 8)) .. "\0")
      elseif method == 10 then
        scram(connection, password)
      elseif method ~= 0 and method ~= 12 then
        error({ message = `it wants a way of proving ourselves that we do not know ({method})` })
      end
    end
  end
end

-- The columns of the one row.
local function query(connection)
  send(connection, "Q", QUERY .. "\0")
  local columns = {}
  while true do
    local kind, body = receive(connection)
    if kind == "D" then
      local count, at = string.unpack(">I2", body)
      for column = 1, count do
        local length
        length, at = string.unpack(">i4", body, at)
        columns[column] = if length < 0 then "" else string.sub(body, at, at + length - 1)
        at += math.max(length, 0)
      end
    elseif kind == "Z" then
      return columns
    end
  end
end

local function talk(target, parameters)
  local connection = must(host.tcp.connect(target.host, target.port))
  if parameters.tls then
    must(connection:write(string.pack(">I4I4", 8, SSL_REQUEST)))
    if must(connection:read_exact(1)) ~= "S" then
      error({ message = "it does not speak TLS" })
    end
    must(connection:start_tls({ insecure = true }))
  end
  log_in(connection, parameters)
  local columns = query(connection)
  send(connection, "X", "")
  connection:close()
  return columns
end

local function check(target)
  local parameters = target.parameters
  for name, value in parameters do
    if KNOWN[name] ~= type(value) then
      return "unknown", `parameter {name} of postgres is {KNOWN[name] or "not known"}, not a {type(value)}`
    end
  end
  if not target.host then
    return "unknown", "postgres asks a server; a tracker has no address: use misc"
  end
  local good, columns = pcall(talk, target, parameters)
  if not good then
    if type(columns) == "table" then
      return columns.status or "down", columns.message
    end
    -- A limit, or what is not granted: no word about the server.
    error(columns, 0)
  end
  local role = if columns[1] == "t" then "standby" else "primary"
  if parameters.role and role ~= parameters.role then
    return "down", `it is a {role}, not a {parameters.role}`
  end
  if role == "standby" and parameters.lag then
    local lag = tonumber(columns[2])
    if not lag then
      return "down", "it is a standby that has replayed nothing yet"
    elseif lag > parameters.lag then
      return "down", string.format("it is a standby, %.0f s behind", lag)
    end
  end
  return "up", `it is a {role}`
end

return { check = check }
