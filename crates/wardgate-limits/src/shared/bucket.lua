-- The same bucket as in rate/bucket.rs, in units instead of grains: numbers here are doubles, which hold microseconds since 1970
-- and the largest limit exactly. Time is this server's own, so that the gateways' clocks do not matter.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local MINUTE = 60000000

-- What is in a bucket now.
local function held(kept, at, kept_limit, limit)
  kept, at, kept_limit = tonumber(kept or 0), tonumber(at or now), tonumber(kept_limit or 0)
  local units = math.max(0, kept - math.max(0, now - at) * limit / MINUTE)
  if limit < kept_limit then units = math.min(units, limit) end
  return units
end

-- A number that reads back as the same double.
local function exact(number)
  return string.format('%.17g', number)
end

-- How long a number of units takes to drain, in milliseconds.
local function draining_ms(units, limit)
  return math.ceil(units * MINUTE / limit / 1000)
end
