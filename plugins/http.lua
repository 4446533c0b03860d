-- http: a real server is well when every URL is answered as expected.
-- Parameters of one URL:
--   path    "/" when absent
--   host    Host header and, over https, the name asked for; the real server's address when absent
--   status  list of codes and ranges, such as [200, "300-399"]; 200-299 when absent
--   digest  MD5 of the body, 32 hexadecimal digits
--   match   regular expression that the body must match
--   match_not  regular expression that the body must not match
--   response_headers  table of names and regular expressions that the answer's headers must match
-- and of all of them:
--   scheme  "http" (when absent) or "https"
--   method  "GET" when absent
--   request_headers  table of names and values that are sent
--   sni     name asked for over TLS; host when absent
--   verify  true: over https the certificate must be good; false when absent, as a real server seldom has its own
--   ca_file      file (PEM) with the only authorities to trust; implies verify
--   client_file  file (PEM) with the certificate and key that we show
--   days_left    fewest days that the server's certificate must still be good for
--   redirects    most redirects that are followed; 0 when absent, 5 at most
--   urls    list of tables with the parameters of one URL, asked one after the other
--!strict

local KNOWN = {
  scheme = "string", method = "string", sni = "string", verify = "boolean", urls = "table",
  path = "string", host = "string", status = "table", digest = "string", match = "string", match_not = "string", response_headers = "table",
  request_headers = "table", ca_file = "string", client_file = "string", days_left = "number", redirects = "number",
}
local OF_URL = { path = true, host = true, status = true, digest = true, match = true, match_not = true, response_headers = true }

-- {from, to} pairs of a status list, or nil and what is wrong.
local function ranges(list)
  local result = {}
  for _, item in list do
    local from, to
    if type(item) == "number" then
      from, to = item, item
    elseif type(item) == "string" then
      from, to = string.match(item, "^(%d%d%d)%-(%d%d%d)$")
      from = from or string.match(item, "^%d%d%d$")
      from, to = tonumber(from), tonumber(to or from)
    end
    if not from or not to or from < 100 or to > 599 or from > to then
      return nil, `status {tostring(item)} of http is neither a code (200) nor a range ("200-299")`
    end
    table.insert(result, { from = from, to = to })
  end
  return result, nil
end

local function mistake(parameters, in_list)
  for name, value in parameters do
    local wanted = KNOWN[name]
    if not wanted then
      return `http knows no parameter {name}`
    end
    if in_list and not OF_URL[name] then
      return `parameter {name} of http stands beside urls, not in one of them`
    end
    if type(value) ~= wanted then
      return `parameter {name} of http is a {type(value)}; it must be a {wanted}`
    end
  end
  if parameters.path and string.sub(parameters.path, 1, 1) ~= "/" then
    return `path {parameters.path} of http does not begin with /`
  end
  if parameters.digest and not string.match(parameters.digest, "^%x+$") or parameters.digest and #parameters.digest ~= 32 then
    return `digest {parameters.digest} of http is not an MD5: it must be 32 hexadecimal digits`
  end
  local scheme = parameters.scheme
  if scheme and scheme ~= "http" and scheme ~= "https" then
    return `scheme {scheme} of http is neither http nor https`
  end
  return nil
end

local function is_wanted(status, wanted)
  for _, range in wanted do
    if status >= range.from and status <= range.to then
      return true
    end
  end
  return false
end

-- How the real server's address stands in a URL.
local function authority(target, scheme)
  local name = if string.find(target.host, ":", 1, true) then `[{target.host}]` else target.host
  local usual = if scheme == "https" then 443 else 80
  return if target.port == usual then name else `{name}:{target.port}`
end

-- What is wrong with the answer beside its status, or nil.
local function lacks(response, common, url)
  if (url.digest or url.match or url.match_not) and response.truncated then
    return `the body is longer than {#response.body} bytes; it cannot be checked`
  end
  if url.digest then
    local digest = host.codec.digest("md5", response.body)
    if digest ~= string.lower(url.digest) then
      return `the body's digest is {digest}`
    end
  end
  if url.match and not host.regex.find(url.match, response.body) then
    return `the body does not match {url.match}`
  end
  if url.match_not and host.regex.find(url.match_not, response.body) then
    return `the body matches {url.match_not}`
  end
  for name, pattern in url.response_headers or {} do
    local value = response.headers[string.lower(name)]
    if not value or not host.regex.find(pattern, value) then
      return `header {name} is {value or "not there"}`
    end
  end
  if common.days_left then
    if not response.certificate then
      return "it has no certificate"
    elseif response.certificate.days_left < common.days_left then
      return `the certificate is good for {response.certificate.days_left} days`
    end
  end
  return nil
end

local function ask(target, common, url)
  local scheme = common.scheme or "http"
  local path = url.path or "/"
  local wanted, wrong = ranges(url.status or { "200-299" })
  if not wanted then
    return "unknown", wrong
  end
  local response, err = host.http.send({
    method = common.method,
    url = `{scheme}://{url.host or common.host or authority(target, scheme)}{path}`,
    connect_to = { host = target.host, port = target.port },
    headers = common.request_headers,
    redirects = common.redirects,
    tls = {
      server_name = common.sni,
      insecure = not common.verify and not common.ca_file,
      authority = common.ca_file,
      identity = common.client_file,
    },
  })
  if not response then
    return "down", `{path}: {err.message}`
  end
  if not is_wanted(response.status, wanted) then
    return "down", `{path}: status {response.status}`
  end
  local wrong_too = lacks(response, common, url)
  if wrong_too then
    return "down", `{path}: {wrong_too}`
  end
  return "up", `{path}: status {response.status} in {response.timings.total} ms`
end

local function check(target)
  local parameters = target.parameters
  local wrong = mistake(parameters, false)
  if wrong then
    return "unknown", wrong
  end
  if not target.host then
    return "unknown", "http checks a real server; a tracker has no address: use misc"
  end
  local urls = parameters.urls or { parameters }
  local status, reason = "unknown", "urls of http is empty"
  for _, url in urls do
    wrong = parameters.urls and (if type(url) == "table" then mistake(url, true) else "urls of http is a list of tables")
    if wrong then
      return "unknown", wrong
    end
    status, reason = ask(target, parameters, url)
    if status ~= "up" then
      return status, reason
    end
  end
  return status, reason
end

return { check = check }
