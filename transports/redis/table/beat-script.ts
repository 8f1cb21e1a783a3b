import { type Script, script } from "../server/commands.ts";

/**
 * One beat of one participant, as one step: it renews its lease, says what it is when that changed, removes who is lost, and learns the
 * time of Redis and the version of the table.
 *
 * A gap between two beats of anybody means that Redis itself was away, paused or failing over: nobody could renew, so every lease is
 * moved on by the gap instead of being held against its owner.
 *
 * KEYS: leases, members, catalogue, served, version, last-beat. ARGV: id, lease in ms, own member ("" for one who only listens),
 * ms that a service is remembered, then service and methods in turn. Returns seconds, microseconds, version.
 */
export const beatScript: Script = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, lease, member, remembered = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local changed = false
local last = tonumber(redis.call('GET', KEYS[6]) or now)
if now - last > lease * 0.7 then
  local all = redis.call('ZRANGE', KEYS[1], 0, -1)
  for _, one in ipairs(all) do redis.call('ZINCRBY', KEYS[1], now - last, one) end
end
redis.call('SET', KEYS[6], now)
if member ~= '' then
  redis.call('ZADD', KEYS[1], now + lease, id)
  if redis.call('HGET', KEYS[2], id) ~= member then
    redis.call('HSET', KEYS[2], id, member)
    changed = true
  end
end
for at = 5, #ARGV, 2 do
  redis.call('ZADD', KEYS[4], now, ARGV[at])
  if redis.call('HGET', KEYS[3], ARGV[at]) ~= ARGV[at + 1] then
    redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1])
    changed = true
  end
end
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[1], dead)
  redis.call('HDEL', KEYS[2], dead)
  changed = true
end
for _, service in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now - remembered, 'LIMIT', 0, 100)) do
  redis.call('ZREM', KEYS[4], service)
  redis.call('HDEL', KEYS[3], service)
  changed = true
end
local version = tonumber(redis.call('GET', KEYS[5]) or 0)
if changed or version == 0 then
  version = math.max(redis.call('INCR', KEYS[5]), now)
  redis.call('SET', KEYS[5], version)
end
return {tonumber(time[1]), tonumber(time[2]), version}
`);

/** A participant leaves in order. KEYS: leases, members, version. ARGV: id. */
export const leaveScript: Script = script(`
redis.call('ZREM', KEYS[1], ARGV[1])
if redis.call('HDEL', KEYS[2], ARGV[1]) == 1 then redis.call('INCR', KEYS[3]) end
return 1
`);
