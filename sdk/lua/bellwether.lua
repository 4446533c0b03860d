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

---@alias bellwether.ErrorCode "denied"|"timeout"|"deadline"|"refused"|"unreachable"|"reset"|"closed"|"name-not-found"|"tls"|"protocol"|"too-large"|"busy"|"invalid"|"io"

---@class bellwether.Error One shape of error for every host call: `code` for code, `message` for people.
---@field code bellwether.ErrorCode
---@field message string

---@class bellwether.Endpoint
---@field host string
---@field port integer

---@class bellwether.TlsOptions How to speak TLS. Own authorities and client certificates are files that `secret` grants: their bytes stay with the host.
---@field server_name? string name to ask for (SNI) and to verify; the host connected to when absent
---@field insecure? boolean take any certificate
---@field authority? string name of the secret with the only authorities to trust, in PEM; those of the system when absent
---@field identity? string name of the secret with a client certificate and its key, in PEM
---@field alpn? string[] protocols that are offered, best first (ALPN)

---@class bellwether.Certificate What a server proved, or with `insecure` only claimed, to be.
---@field subject string common name of its subject, empty when it has none
---@field names string[] names and addresses it is good for
---@field issuer string common name of who signed it, empty when it has none
---@field valid_from integer seconds since 1970
---@field valid_until integer seconds since 1970
---@field days_left integer whole days from now until then, negative when it is over

---@alias bellwether.ParameterKind "text"|"number"|"whole"|"flag"|"list"|"table"

---@class bellwether.Parameter A parameter that a plugin takes.
---@field name string lower-case letters, digits and _
---@field kind bellwether.ParameterKind
---@field required? boolean
---@field min? number smallest good number
---@field max? number largest good number
---@field one_of? string[] the only good texts; any when there are none
---@field meaning string what it means, for people

---@alias bellwether.log.Level "debug"|"info"|"warn"|"error"

---Always granted. Limited in rate: lines over it are counted and dropped.
---@class bellwether.log
host.log = {}
---@param level bellwether.log.Level
---@param message string
function host.log.write(level, message) end

---Always granted.
---@class bellwether.clock
host.clock = {}
---never goes back, begins anywhere
---@return number
function host.clock.monotonic() end
---since 1970
---@return number
function host.clock.wall() end
---time left before the host ends this run
---@return integer
function host.clock.remaining() end
---ends with the run at the latest
---@param duration integer milliseconds
function host.clock.sleep(duration) end

---@alias bellwether.kv.Scope "target"|"plugin"

---Always granted. Kept by the host: lives over runs and swaps. 64 KiB in all; when they are full, what a target kept and nobody touched for an hour is dropped.
---@class bellwether.kv
host.kv = {}
---@param scope bellwether.kv.Scope
---@param key string
---@return string?
function host.kv.get(scope, key) end
---@param scope bellwether.kv.Scope
---@param key string
---@param value string
---@return true?
---@return bellwether.Error? err
function host.kv.set(scope, key, value) end
---@param scope bellwether.kv.Scope
---@param key string
---@return boolean
function host.kv.delete(scope, key) end
---adds to a number kept as decimal text; a missing one counts as 0, and `delta` as 1
---@param scope bellwether.kv.Scope
---@param key string
---@param delta? integer
---@return integer?
---@return bellwether.Error? err
function host.kv.increment(scope, key, delta) end

---Always granted. Numbers for the operator's graphs: in `bellwether status`, under the plugin's name. At most 64 names of lower-case letters, digits and `_`; they live as long as kv does.
---@class bellwether.metric
host.metric = {}
---adds to a counter, which never falls
---@param name string
---@param delta? number
---@return true?
---@return bellwether.Error? err
function host.metric.count(name, delta) end
---sets a gauge
---@param name string
---@param value number
---@return true?
---@return bellwether.Error? err
function host.metric.set(name, value) end

---Granted by `secret`, by name. A secret that turns up in a reason or in a line of the log is blacked out there.
---@class bellwether.secret
host.secret = {}
---what the file or the environment says, without white space at its end
---@param name string
---@return string?
---@return bellwether.Error? err
function host.secret.get(name) end

---@alias bellwether.codec.Algorithm "md5"|"sha1"|"sha256"|"sha512"

---Always granted. Pure helpers.
---@class bellwether.codec
host.codec = {}
---in lower-case hexadecimal
---@param algorithm bellwether.codec.Algorithm
---@param data string
---@return string
function host.codec.digest(algorithm, data) end
---HMAC (RFC 2104) in lower-case hexadecimal
---@param algorithm bellwether.codec.Algorithm
---@param key string
---@param data string
---@return string
function host.codec.hmac(algorithm, key, data) end
---as many bytes as the digest has (RFC 8018, PBKDF2), in lower-case hexadecimal; at most 100,000 rounds
---@param algorithm bellwether.codec.Algorithm
---@param password string
---@param salt string
---@param rounds integer
---@return string?
---@return bellwether.Error? err
function host.codec.pbkdf2(algorithm, password, salt, rounds) end
---as RFC 4648, section 4
---@param data string
---@return string
function host.codec.base64_encode(data) end
---@param text string
---@return string?
---@return bellwether.Error? err
function host.codec.base64_decode(text) end

---Always granted. At most 256 KiB, 64 levels and 20,000 values.
---@class bellwether.json
host.json = host.json or {}
---what a pointer (RFC 6901, such as `/members/0/state`) leads to; none when nothing is there, or null
---@param text string
---@param pointer string
---@return boolean|number|string?
---@return bellwether.Error? err
function host.json.find(text, pointer) end

---@class bellwether.prometheus.Sample
---@field labels table<string, string>
---@field value number

---Always granted. The text format of Prometheus' exporters.
---@class bellwether.prometheus
host.prometheus = {}
---all samples of one name, in order
---@param text string
---@param name string
---@return bellwether.prometheus.Sample[]?
---@return bellwether.Error? err
function host.prometheus.find(text, name) end

---Always granted. Regular expressions in time that grows with the text and nothing else; text is bytes, and `\w`, `\d`, `(?i)` are ASCII.
---@class bellwether.regex
host.regex = {}
---the first match: the whole of it, then its groups, empty where one took no part
---@param pattern string
---@param text string
---@return string[]?
---@return bellwether.Error? err
function host.regex.find(pattern, text) end

---@class bellwether.tcp.Connection 
local Connection = {}

---Granted by `net`.
---@class bellwether.tcp
host.tcp = {}
---up to `max` bytes, at most and by default 65536; none at the end of the stream
---@param max? integer
---@param timeout? integer milliseconds
---@return string?
---@return bellwether.Error? err
function Connection:read(max, timeout) end
---@param count integer
---@param timeout? integer milliseconds
---@return string?
---@return bellwether.Error? err
function Connection:read_exact(count, timeout) end
---through the delimiter, which is included and must come within `max` bytes, at most and by default 65536
---@param delimiter string
---@param max? integer
---@param timeout? integer milliseconds
---@return string?
---@return bellwether.Error? err
function Connection:read_until(delimiter, max, timeout) end
---@param data string
---@param timeout? integer milliseconds
---@return true?
---@return bellwether.Error? err
function Connection:write(data, timeout) end
---@param options? bellwether.TlsOptions
---@return true?
---@return bellwether.Error? err
function Connection:start_tls(options) end
---of the other side; none before TLS
---@return bellwether.Certificate?
function Connection:peer_certificate() end
---that the other side chose of those offered (ALPN); none before TLS, or when it chose none
---@return string?
function Connection:protocol() end
---of a unix socket: its path, and port 0
---@return bellwether.Endpoint
function Connection:local_endpoint() end
---@return bellwether.Endpoint
function Connection:remote_endpoint() end
function Connection:close() end
---@param host string
---@param port integer
---@param timeout? integer milliseconds
---@return bellwether.tcp.Connection?
---@return bellwether.Error? err
function host.tcp.connect(host, port, timeout) end
---to a unix socket, which is granted by `net = ["unix:/PATH"]`
---@param path string
---@param timeout? integer milliseconds
---@return bellwether.tcp.Connection?
---@return bellwether.Error? err
function host.tcp.connect_unix(path, timeout) end

---@class bellwether.http.Request
---@field method? string GET when absent
---@field url string
---@field headers? table<string, string>
---@field body? string
---@field timeout? integer
---@field connect_to? bellwether.Endpoint where to connect; the URL still gives Host and SNI
---@field unix? string unix socket to connect to, granted by `net = ["unix:/PATH"]`
---@field redirects? integer most redirects that are followed, at most 5; 0 when absent. Each is checked against the grants, and another host gets neither `authorization` nor `cookie`
---@field tls? bellwether.TlsOptions
---@field max_body? integer bytes of the body that are kept, at most 65536
---@field http2? boolean true: HTTP/2, chosen by ALPN over https and spoken at once over http; HTTP/1.1 when absent

---@class bellwether.http.Timings
---@field connect integer
---@field tls? integer
---@field first_byte integer
---@field total integer

---@class bellwether.http.Response
---@field status integer
---@field headers table<string, string>
---@field body string
---@field truncated boolean
---@field trailers table<string, string> fields after the body; none when it is truncated
---@field timings bellwether.http.Timings
---@field certificate? bellwether.Certificate of the server, over https

---Granted by `net`. HTTP/1.1, one fresh connection for each request.
---@class bellwether.http
host.http = {}
---@param request bellwether.http.Request
---@return bellwether.http.Response?
---@return bellwether.Error? err
function host.http.send(request) end

---Granted by `net`.
---@class bellwether.udp
host.udp = {}
---sends one datagram and waits for one from the same address. Nobody listening is `refused`, if the other side says so; silence is `timeout` or `deadline`. 16 KiB either way
---@param host string
---@param port integer
---@param data string
---@param timeout? integer milliseconds
---@return string?
---@return bellwether.Error? err
function host.udp.exchange(host, port, data, timeout) end

---Granted by `net`, without a port. Needs no privilege, but the kernel's consent: net.ipv4.ping_group_range.
---@class bellwether.icmp
host.icmp = {}
---sends one echo request with `size` bytes (56 when absent) and waits for its reply; the time between
---@param host string
---@param size? integer
---@param timeout? integer milliseconds
---@return number?
---@return bellwether.Error? err
function host.icmp.ping(host, size, timeout) end

---@class bellwether.dns.Entry
---@field name string
---@field kind string
---@field ttl integer seconds
---@field data string as zone files write it

---@class bellwether.dns.Answer
---@field code string NOERROR, NXDOMAIN, SERVFAIL, REFUSED ...: an answer that says no is an answer
---@field authoritative boolean
---@field truncated boolean
---@field entries bellwether.dns.Entry[]

---Granted by `net`. One question to one name server, by UDP; nothing is followed or cached.
---@class bellwether.dns
host.dns = {}
---`kind`: A, AAAA, NS, CNAME, SOA, PTR, MX, TXT, SRV or CAA
---@param host string
---@param port integer
---@param name string
---@param kind string
---@param timeout? integer milliseconds
---@return bellwether.dns.Answer?
---@return bellwether.Error? err
function host.dns.query(host, port, name, kind, timeout) end

---@class bellwether.files.Properties
---@field size integer
---@field age integer milliseconds since it was last written
---@field is_directory boolean

---Granted by `read`. A link that leads out of a granted directory is not followed.
---@class bellwether.files
host.files = {}
---the first `max` bytes, at most and by default 65536; no such file is `name-not-found`
---@param path string
---@param max? integer
---@return string?
---@return bellwether.Error? err
function host.files.read(path, max) end
---none when there is no such file
---@param path string
---@return bellwether.files.Properties?
---@return bellwether.Error? err
function host.files.facts(path) end
---numbers of the processes whose program has this name. Granted by `read = ["/proc"]`
---@param name string
---@return integer[]?
---@return bellwether.Error? err
function host.files.processes(name) end

---@class bellwether.node.Averages means of the last 1, 5 and 15 minutes
---@field one number
---@field five number
---@field fifteen number

---@class bellwether.node.MemorySize bytes
---@field total integer
---@field available integer

---@class bellwether.node.InstanceFacts an instance as it was at its last transition
---@field name string
---@field state string Initialize, Backup, Master or Fault
---@field previous string the state it left
---@field cause string why, in words
---@field since integer milliseconds in this state
---@field priority integer effective priority at that transition
---@field network_interface string
---@field addresses string[]
---@field peers string[] unicast peers

---Always granted. What this node is and does.
---@class bellwether.node
host.node = {}
---@return bellwether.node.Averages?
---@return bellwether.Error? err
function host.node.load() end
---@return bellwether.node.MemorySize?
---@return bellwether.Error? err
function host.node.memory() end
---of the machine
---@return number?
---@return bellwether.Error? err
function host.node.uptime() end
---in the order of the configuration
---@return bellwether.node.InstanceFacts[]
function host.node.instances() end
---@param name string
---@return bellwether.node.InstanceFacts?
function host.node.instance(name) end

---@class bellwether.systemd.UnitState
---@field active string active, reloading, inactive, failed, activating or deactivating
---@field sub string such as running, exited or dead

---Granted by `units`. What systemd knows of a unit.
---@class bellwether.systemd
host.systemd = {}
---`name` with its kind, such as nginx.service
---@param name string
---@return bellwether.systemd.UnitState?
---@return bellwether.Error? err
function host.systemd.unit(name) end

---@class bellwether.process.Outcome
---@field code? integer
---@field signal? integer
---@field timed_out boolean
---@field stdout string
---@field took integer

---Granted by `exec`. No shell.
---@class bellwether.process
host.process = {}
---@param argv string[]
---@param timeout? integer milliseconds
---@return bellwether.process.Outcome?
---@return bellwether.Error? err
function host.process.run(argv, timeout) end
