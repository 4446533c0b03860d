-- Mails each transition, through a server that takes mail from this node.
--
--   [plugin.mail]
--   file       = "/etc/bellwether/scripts/mail.lua"
--   grants.net = ["192.0.2.25:25"]
--
--   [[instance.web.hook]]
--   on         = ["master", "backup", "fault"]
--   plugin     = "mail"
--   timeout    = "30s"
--   parameters = { server = "192.0.2.25", to = ["ops@example.net"] }
--
-- Parameters:
--   server  address of the mail server
--   port    25 when absent
--   to      list of addresses
--   from    "bellwether@" and helo when absent
--   helo    the name we give; "localhost" when absent
--!strict

-- A command and the answer that has to begin so. Answers may have several lines (RFC 5321 §4.2.1).
local function say(connection, line, wanted)
  if line then
    assert(connection:write(line .. "\r\n"))
  end
  local answer
  repeat
    answer = assert(connection:read_until("\r\n", 1024))
  until string.sub(answer, 4, 4) ~= "-"
  if string.sub(answer, 1, 1) ~= wanted then
    error(`it says {string.sub(answer, 1, -3)}`, 0)
  end
end

-- No line of a header, and no command, may come out of a parameter.
local function plain(text)
  return (string.gsub(text, "[%c<>]", " "))
end

local function on_change(event)
  local parameters = event.parameters
  if not parameters.server or type(parameters.to) ~= "table" or #parameters.to == 0 then
    return nil, 'mail needs the parameters server and to, such as server = "192.0.2.25", to = ["ops@example.net"]'
  end
  local helo = plain(parameters.helo or "localhost")
  local from = plain(parameters.from or `bellwether@{helo}`)
  local connection, err = host.tcp.connect(parameters.server, parameters.port or 25)
  if not connection then
    return nil, err.message
  end
  say(connection, nil, "2")
  say(connection, `EHLO {helo}`, "2")
  say(connection, `MAIL FROM:<{from}>`, "2")
  for _, to in parameters.to do
    say(connection, `RCPT TO:<{plain(to)}>`, "2")
  end
  say(connection, "DATA", "3")
  local kind = if event.is_group then "group" else "instance"
  local lines = {
    `From: {from}`,
    `To: {plain(table.concat(parameters.to, ", "))}`,
    `Subject: {kind} {plain(event.name)} is {event.state}`,
    "",
    `{kind} {event.name}: {event.previous} -> {event.state}`,
    `cause: {plain(event.cause)}`,
    `priority: {event.priority}`,
    `addresses: {table.concat(event.addresses, " ")}`,
    ".",
  }
  say(connection, table.concat(lines, "\r\n"), "2")
  say(connection, "QUIT", "2")
  return true
end

return { api = "0.1", on_change = on_change }
