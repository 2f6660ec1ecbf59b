-- Asks every limit of every subject, and counts the request if all of them admit it.
--
-- KEYS: for each subject its counts (a hash) and its leases (a sorted set, by when they lapse).
-- ARGV: the lease, how long it lasts in ms, the tokens; then for each subject its limits on requests a minute, requests a day,
-- tokens a minute and requests at once, 0 where there is none.
-- Answer: 1 or 0; then for each of these limits what remains, when all is back, and how long to wait (-1: not at all), in ms.
local lease, lease_ms, tokens = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now_ms = math.floor(now / 1000)
local day = math.floor(clock[1] / 86400)
local day_left_ms = math.ceil(((day + 1) * 86400000000 - now) / 1000)
local is_admitted = 1
local told = { 1 }
local take = {}

local function tell(remaining, reset_ms, wait_ms)
  if wait_ms >= 0 then is_admitted = 0 end
  told[#told + 1] = math.max(0, math.floor(remaining))
  told[#told + 1] = reset_ms
  told[#told + 1] = wait_ms
end

-- Tells a rate; gives what its bucket holds with the demand, when all of that is drained.
local function rate(units, limit, demand)
  if limit == 0 then
    tell(0, 0, -1)
    return 0, 0
  end
  local filled = units + math.min(demand, limit)
  if filled <= limit then
    tell(limit - filled, draining_ms(filled, limit), -1)
  else
    tell(limit - units, draining_ms(units, limit), draining_ms(filled - limit, limit))
  end
  return filled, draining_ms(filled, limit)
end

for i = 1, #KEYS, 2 do
  local counts, leases = KEYS[i], KEYS[i + 1]
  local first = 4 + (i - 1) * 2
  local rpm, rpd = tonumber(ARGV[first]), tonumber(ARGV[first + 1])
  local tpm, places = tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3])

  local kept = {}
  if rpm + rpd + tpm > 0 then
    kept = redis.call('HMGET', counts, 'r', 'ra', 'rl', 't', 'ta', 'tl', 'd', 'n')
    -- The server's clock was set back: what is there drains from now on, not from when it gets there again.
    for _, at in ipairs({ 2, 5 }) do
      if tonumber(kept[at] or 0) > now then
        kept[at] = now
        redis.call('HSET', counts, at == 2 and 'ra' or 'ta', exact(now))
      end
    end
  end
  local requests, requests_ms = rate(held(kept[1], kept[2], kept[3], rpm), rpm, 1)

  local today = tonumber(kept[7] or -1) == day and tonumber(kept[8]) or 0
  if rpd == 0 then
    tell(0, 0, -1)
  elseif today < rpd then
    tell(rpd - today - 1, day_left_ms, -1)
  else
    tell(0, day_left_ms, day_left_ms)
  end

  local filled, filled_ms = rate(held(kept[4], kept[5], kept[6], tpm), tpm, tokens)

  if places == 0 then
    tell(0, 0, -1)
  else
    redis.call('ZREMRANGEBYSCORE', leases, '-inf', now_ms)
    local inside = redis.call('ZCARD', leases)
    if inside < places then
      tell(places - inside - 1, 0, -1)
    else
      tell(0, 0, 1000)
    end
  end

  take[#take + 1] = function()
    local fields, keep_ms = {}, 0
    if rpm > 0 then
      for _, field in ipairs({ 'r', exact(requests), 'ra', exact(now), 'rl', exact(rpm) }) do fields[#fields + 1] = field end
      keep_ms = requests_ms
    end
    if rpd > 0 then
      for _, field in ipairs({ 'd', day, 'n', today + 1 }) do fields[#fields + 1] = field end
      keep_ms = math.max(keep_ms, day_left_ms)
    end
    if tpm > 0 then
      for _, field in ipairs({ 't', exact(filled), 'ta', exact(now), 'tl', exact(tpm) }) do fields[#fields + 1] = field end
      keep_ms = math.max(keep_ms, filled_ms)
    end
    if #fields > 0 then
      redis.call('HSET', counts, unpack(fields))
      redis.call('PEXPIRE', counts, keep_ms + 1000)
    end
    if places > 0 then
      redis.call('ZADD', leases, now_ms + lease_ms, lease)
      redis.call('PEXPIRE', leases, lease_ms + 1000)
    end
  end
end

told[1] = is_admitted
if is_admitted == 1 then
  for _, subject in ipairs(take) do subject() end
end
return told
