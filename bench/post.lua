-- wrk's side of bench.results: posts each line of a file once, `key<TAB>body`, and prints what came of it as one line.
-- Arguments: file, token, mean pause in milliseconds between the posts of one connection (0: none).
local posts = {}
sent = 0
local pause
counts = { good = 0, bad = 0 }
worst = ""

function setup(thread)
  threads = { thread }
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    posts[#posts + 1] = line
  end
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Token " .. arguments[2]
  wrk.headers["Content-Type"] = "application/json"
  pause = tonumber(arguments[3])
end

function delay()
  -- Evenly spread, so that the connections do not march in step.
  return math.random() * 2 * pause
end

function request()
  sent = sent + 1
  if sent > #posts then
    -- wrk goes on until its time is up; what is sent twice now is a repeat, and bench.results refuses the run.
    sent = #posts + 1
    return wrk.format(nil, nil, nil, "")
  end
  local key, body = posts[sent]:match("^([^\t]*)\t(.*)$")
  wrk.headers["Idempotency-Key"] = key
  return wrk.format(nil, nil, nil, body)
end

function response(status, headers, body)
  if status >= 200 and status < 300 and not body:find('"is_conforming":false', 1, true) and not body:find("DENY", 1, true) then
    counts.good = counts.good + 1
  else
    counts.bad = counts.bad + 1
    worst = status .. " " .. body:sub(1, 300):gsub("\n", " ")
  end
end

function done(summary, latency, requests)
  local all = threads[1]:get("counts")
  io.write(string.format("RESULT\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", summary.duration, summary.requests, threads[1]:get("sent"), all.good, all.bad,
    latency:percentile(50), latency:percentile(99), threads[1]:get("worst")))
end
