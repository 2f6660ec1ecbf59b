-- A request is over: its leases go, and the tokens that it used stand in the place of those that it took.
--
-- KEYS: for each subject its counts and its leases. ARGV: the lease; then for each subject the tokens taken, the tokens used,
-- its limit on tokens a minute (0: none), and how much of that limit its bucket may hold at most.
for i = 1, #KEYS, 2 do
  local counts = KEYS[i]
  local first = 2 + (i - 1) * 2
  local taken, used = tonumber(ARGV[first]), tonumber(ARGV[first + 1])
  local limit, debt_max = tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3])
  redis.call('ZREM', KEYS[i + 1], ARGV[1])
  if limit > 0 and taken ~= used then
    local kept = redis.call('HMGET', counts, 't', 'ta', 'tl')
    local units = math.max(0, math.min(held(kept[1], kept[2], kept[3], limit) + used - taken, limit * debt_max))
    redis.call('HSET', counts, 't', exact(units), 'ta', exact(now), 'tl', exact(limit))
    redis.call('PEXPIRE', counts, math.max(redis.call('PTTL', counts), draining_ms(units, limit) + 1000))
  end
end
return 1
