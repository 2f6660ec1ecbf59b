-- A request is still inside. KEYS: its leases. ARGV: the lease, how long it lasts in ms.
for _, leases in ipairs(KEYS) do
  redis.call('ZADD', leases, math.floor(now / 1000) + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', leases, ARGV[2] + 1000)
end
return 1
