-- One scenario of the benchmark, named by BENCH_SCENARIO; see Benchmarks/README.md.
local scenario = os.getenv("BENCH_SCENARIO")
local people = tonumber(os.getenv("BENCH_PEOPLE"))
local round = os.getenv("BENCH_ROUND")
local prefixes = {}
for prefix in string.gmatch(os.getenv("BENCH_PREFIXES") or "", "[^,]+") do prefixes[#prefixes + 1] = prefix end

local headers = { ["Authorization"] = "Bearer " .. os.getenv("TESSERA_TOKEN") }
local writing = { ["Authorization"] = headers["Authorization"], ["Content-Type"] = "application/json" }

local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
    thread:set("seed", os.time() * 8 + threads)
end

function init(args)
    math.randomseed(seed)
    count = 0
end

local function person()
    return string.format("018bcfe5-6800-7000-8000-%012x", math.random(0, people - 1))
end

local function new_person(mark)
    return '{"first_name":"Zoe","last_name":"Zzbench' .. mark .. '","job_title":"Tester","emails":[{"address":"zoe' .. mark
        .. '@example.com","kind":"work"}]}'
end

function request()
    count = count + 1
    if scenario == "record" then
        return wrk.format("GET", "/api/people/" .. person(), headers)
    elseif scenario == "list" then
        local prefix = prefixes[math.random(#prefixes)]
        return wrk.format("GET", "/api/people?filter=startswith(last_name,%27" .. prefix .. "%27)&orderby=last_name&top=50", headers)
    elseif scenario == "path" then
        return wrk.format("GET", prefixes[math.random(#prefixes)], headers)
    elseif scenario == "search" then
        return wrk.format("GET", "/api/people?search=" .. prefixes[math.random(#prefixes)] .. "&top=20&select=display_name", headers)
    elseif scenario == "create" then
        return wrk.format("POST", "/api/people", writing, new_person(round .. "x" .. number .. "x" .. count))
    elseif scenario == "batch" then
        local requests = {}
        for item = 1, 100 do
            requests[item] = '{"id":"' .. item .. '","method":"post","url":"people","body":'
                .. new_person(round .. "x" .. number .. "x" .. count .. "x" .. item) .. "}"
        end
        return wrk.format("POST", "/api/$batch", writing, '{"requests":[' .. table.concat(requests, ",") .. "]}")
    end
    return wrk.format("PATCH", "/api/people/" .. person(), writing, '{"job_title":"Title ' .. count .. '"}')
end

function done(summary, latency, requests)
    local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
        + summary.errors.status
    io.write(string.format('{"rate":%.1f,"p50":%.3f,"p95":%.3f,"p99":%.3f,"failed":%d}\n',
        summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(95) / 1000,
        latency:percentile(99) / 1000, failed))
end
