---@meta bellwether
--- What a Lua plugin of bellwether sees: the contract of sdk/wit under Lua names. For lua-language-server, put this
--- folder into `workspace.library`.
---
--- What the world answers comes back as `nil, err`; a mistake of the plugin (not granted, bad argument) is raised and
--- ends the run as `unknown`. Times are milliseconds where nothing else is said.

---@alias bellwether.ErrorCode "denied"|"timeout"|"deadline"|"refused"|"unreachable"|"reset"|"closed"|"name-not-found"|"tls"|"protocol"|"too-large"|"busy"|"invalid"|"io"
---@alias bellwether.Scope "target"|"plugin"
---@alias bellwether.Status "up"|"down"|"unknown"

---@class bellwether.Error `tostring` gives its message
---@field code bellwether.ErrorCode for code
---@field message string for people

---@class bellwether.Endpoint
---@field host string
---@field port integer

---@class bellwether.TlsOptions
---@field server_name? string name to ask for and to verify; the host connected to when absent
---@field insecure? boolean take any certificate

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

---@class bellwether.Event what `on_change` is given
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
---@field check? fun(target: bellwether.Target): bellwether.Verdict|bellwether.Status, string?, integer?
---@field on_change? fun(event: bellwether.Event): boolean?, string? `nil, message` is a failure

host = {}

---Lines over the plugin's rate are counted and dropped. `print` writes at info.
---@class bellwether.log
host.log = {}
---@param level "debug"|"info"|"warn"|"error"
---@param message string
function host.log.write(level, message) end

---@class bellwether.clock
host.clock = {}
---@return number microseconds microseconds; never goes back, begins anywhere
function host.clock.monotonic() end
---@return number microseconds microseconds since 1970
function host.clock.wall() end
---@return integer millis time left before the host ends this run
function host.clock.remaining() end
---@param millis integer
function host.clock.sleep(millis) end

---Kept by the host over runs and swaps; 64 KiB in all, and when they are full, what a target kept and nobody touched for
---an hour is dropped. Scope `target` is what this run is about, `plugin` is shared.
---@class bellwether.kv
host.kv = {}
---@param scope bellwether.Scope
---@param key string
---@return string?
function host.kv.get(scope, key) end
---@param scope bellwether.Scope
---@param key string
---@param value string
---@return true? ok
---@return bellwether.Error? err
function host.kv.set(scope, key, value) end
---@param scope bellwether.Scope
---@param key string
---@return boolean was_there
function host.kv.delete(scope, key) end
---@param scope bellwether.Scope
---@param key string
---@param delta? integer 1 when absent
---@return integer? sum
---@return bellwether.Error? err
function host.kv.increment(scope, key, delta) end

---@class bellwether.codec
host.codec = {}
---@param algorithm "md5"|"sha256"
---@param data string
---@return string hexadecimal
function host.codec.digest(algorithm, data) end

---The one thing without a twin in sdk/wit, which has no value of any type.
---@class bellwether.json
host.json = {}
---@param value any a table with a length is a list, any other an object
---@return string? text
---@return bellwether.Error? err
function host.json.encode(value) end
---@param text string
---@return any value null is nil
---@return bellwether.Error? err
function host.json.decode(text) end

---Regular expressions in time that grows with the text and nothing else; `\w`, `\d` and `(?i)` are ASCII.
---@class bellwether.regex
host.regex = {}
---@param pattern string
---@param text string
---@return string[]? match the whole of it, then its groups, empty where one took no part; nil without a match
---@return bellwether.Error? err
function host.regex.find(pattern, text) end

---Granted by `net`.
---@class bellwether.tcp
host.tcp = {}
---@param to string
---@param port integer
---@param timeout? integer
---@return bellwether.Connection? connection
---@return bellwether.Error? err
function host.tcp.connect(to, port, timeout) end

---@class bellwether.Connection closed with its run at the latest
local Connection = {}
---@param max? integer 65536 when absent
---@param timeout? integer
---@return string? data empty at the end of the stream
---@return bellwether.Error? err
function Connection:read(max, timeout) end
---@param count integer
---@param timeout? integer
---@return string? data
---@return bellwether.Error? err
function Connection:read_exact(count, timeout) end
---@param delimiter string
---@param max? integer
---@param timeout? integer
---@return string? data with the delimiter
---@return bellwether.Error? err
function Connection:read_until(delimiter, max, timeout) end
---@param data string
---@param timeout? integer
---@return true? ok
---@return bellwether.Error? err
function Connection:write(data, timeout) end
---@param options? bellwether.TlsOptions
---@return true? ok
---@return bellwether.Error? err
function Connection:start_tls(options) end
---@return bellwether.Endpoint
function Connection:local_endpoint() end
---@return bellwether.Endpoint
function Connection:remote_endpoint() end
function Connection:close() end

---@class bellwether.Request
---@field url string
---@field method? string GET when absent
---@field headers? table<string, string>
---@field body? string
---@field timeout? integer
---@field connect_to? bellwether.Endpoint where to connect; the URL still gives Host and SNI
---@field tls? bellwether.TlsOptions
---@field max_body? integer bytes of the body that are kept, at most 65536

---@class bellwether.Response
---@field status integer
---@field headers table<string, string> names in lower case; of one that comes twice the last counts
---@field body string
---@field truncated boolean
---@field timings {connect: integer, tls: integer?, first_byte: integer, total: integer}

---Granted by `net`. HTTP/1.1, one fresh connection for each request; redirects are not followed.
---@class bellwether.http
host.http = {}
---@param request bellwether.Request
---@return bellwether.Response? response
---@return bellwether.Error? err
function host.http.send(request) end

---Granted by `net`.
---@class bellwether.udp
host.udp = {}
---Sends one datagram and waits for one from the same address; 16 KiB either way. Nobody listening is `refused`, if the
---other side says so; silence is `timeout` or `deadline`.
---@param to string
---@param port integer
---@param data string
---@param timeout? integer
---@return string? answer
---@return bellwether.Error? err
function host.udp.exchange(to, port, data, timeout) end

---Granted by `net`, without a port. Needs the kernel's consent: net.ipv4.ping_group_range.
---@class bellwether.icmp
host.icmp = {}
---@param to string
---@param size? integer bytes that the request carries; 56 when absent
---@param timeout? integer
---@return number? microseconds until the reply
---@return bellwether.Error? err
function host.icmp.ping(to, size, timeout) end

---@class bellwether.DnsEntry
---@field name string
---@field kind string
---@field ttl integer seconds
---@field data string as zone files write it

---@class bellwether.DnsAnswer
---@field code string NOERROR, NXDOMAIN, SERVFAIL, REFUSED ...: an answer that says no is an answer
---@field authoritative boolean
---@field truncated boolean
---@field entries bellwether.DnsEntry[]

---Granted by `net`. One question to one name server, by UDP; nothing is followed or cached.
---@class bellwether.dns
host.dns = {}
---@param server string
---@param port integer
---@param name string
---@param kind "A"|"AAAA"|"NS"|"CNAME"|"SOA"|"PTR"|"MX"|"TXT"|"SRV"|"CAA"
---@param timeout? integer
---@return bellwether.DnsAnswer? answer
---@return bellwether.Error? err
function host.dns.query(server, port, name, kind, timeout) end

---@class bellwether.Properties
---@field size integer
---@field age integer milliseconds since it was last written
---@field is_directory boolean

---Granted by `read`. A link that leads out of a granted directory is not followed.
---@class bellwether.files
host.files = {}
---@param path string
---@param max? integer bytes that are read, at most and by default 65536
---@return string? data no such file is `name-not-found`
---@return bellwether.Error? err
function host.files.read(path, max) end
---@param path string
---@return bellwether.Properties? properties nil when there is no such file
---@return bellwether.Error? err
function host.files.facts(path) end
---Numbers of the processes whose program has this name. Granted by `read = ["/proc"]`.
---@param name string
---@return integer[]? pids
---@return bellwether.Error? err
function host.files.processes(name) end

---@class bellwether.Outcome
---@field code? integer
---@field signal? integer
---@field timed_out boolean
---@field stdout string at most 16 KiB
---@field took integer

---Granted by `exec`. No shell.
---@class bellwether.process
host.process = {}
---@param argv string[]
---@param timeout? integer
---@return bellwether.Outcome? outcome
---@return bellwether.Error? err
function host.process.run(argv, timeout) end
