/**
 * What the scripts of the job store share: the moves of one job, in Lua.
 *
 * KEYS[1] begins every key, and its hash tag keeps them on one slot. ARGV[1] is the number of ended jobs to keep, ARGV[2] the bytes that all
 * jobs may hold. Times are ms of Redis'
 * own clock, which is the only one that counts.
 *
 * | key | holds |
 * |---|---|
 * | `:job:ID` | a hash: the job |
 * | `:all`, `:state:STATE` | ids by `seq`, the order of acceptance |
 * | `:ready:TARGET` | ids that may be taken, by `place` in the line |
 * | `:targets` | targets of which some may be taken |
 * | `:lane:TARGET ORDER` | ids that have not ended, by `place`: only the first may be ready, delayed or running |
 * | `:delayed`, `:leases`, `:expiring`, `:ended` | ids by the time at which something is due |
 * | `:keys` | id by target and idempotency key |
 * | `:dead` | number of dead jobs by target |
 * | `:seq`, `:bytes` | the latest place that was given; what all jobs hold |
 * | `:events` | the channel on which gates tell each other |
 */
export const moves = `
local base = KEYS[1]
local keep, mostBytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function jobKey(id) return base .. ':job:' .. id end
local function read(id, ...) return redis.call('HMGET', jobKey(id), ...) end
local function write(id, ...) redis.call('HSET', jobKey(id), ...) end
local function tell(what) redis.call('PUBLISH', base .. ':events', what) end
local function laneOf(target, order) return base .. ':lane:' .. target .. ' ' .. order end
local function waiting() return redis.call('ZCARD', base .. ':state:waiting') end

local function countDead(id, by)
  local target = read(id, 'target')[1]
  if redis.call('HINCRBY', base .. ':dead', target, by) <= 0 then redis.call('HDEL', base .. ':dead', target) end
end

local function move(id, seq, from, to)
  if from == 'dead' then countDead(id, -1) end
  if to == 'dead' then countDead(id, 1) end
  redis.call('ZREM', base .. ':state:' .. from, id)
  redis.call('ZADD', base .. ':state:' .. to, seq, id)
  write(id, 'state', to)
end

local function offer(id)
  local target, place, dueAt = unpack(read(id, 'target', 'place', 'dueAt'))
  if not target then return end
  if tonumber(dueAt) > now then
    redis.call('ZADD', base .. ':delayed', dueAt, id)
    return
  end
  redis.call('ZADD', base .. ':ready:' .. target, place, id)
  redis.call('SADD', base .. ':targets', target)
  tell('r' .. target)
end

local function withhold(id, target)
  redis.call('ZREM', base .. ':delayed', id)
  redis.call('ZREM', base .. ':ready:' .. target, id)
  if redis.call('EXISTS', base .. ':ready:' .. target) == 0 then redis.call('SREM', base .. ':targets', target) end
end

local function enter(id, target, order, place)
  write(id, 'place', place)
  if order then
    redis.call('ZADD', laneOf(target, order), place, id)
    if redis.call('ZRANK', laneOf(target, order), id) > 0 then return end
  end
  offer(id)
end

local function leave(id, target, order)
  if not order then return end
  local lane = laneOf(target, order)
  local wasFirst = redis.call('ZRANK', lane, id) == 0
  redis.call('ZREM', lane, id)
  local first = redis.call('ZRANGE', lane, 0, 0)[1]
  if wasFirst and first then offer(first) end
end

local function grow(id, bytes)
  redis.call('HINCRBY', jobKey(id), 'bytes', bytes)
  redis.call('INCRBY', base .. ':bytes', bytes)
end

local function forget(id)
  local target, key, bytes, state = unpack(read(id, 'target', 'key', 'bytes', 'state'))
  if target and state == 'dead' then countDead(id, -1) end
  if bytes then redis.call('DECRBY', base .. ':bytes', bytes) end
  if target and key then redis.call('HDEL', base .. ':keys', target .. ' ' .. key) end
  redis.call('DEL', jobKey(id))
  for _, set in ipairs({ ':all', ':ended', ':state:completed', ':state:dead', ':state:cancelled' }) do redis.call('ZREM', base .. set, id) end
end

-- Forgets what should be forgotten first until so many bytes more fit, a bounded number per step; whether they do.
local function makeRoom(bytes)
  for _ = 1, 100 do
    if tonumber(redis.call('GET', base .. ':bytes') or 0) + bytes <= mostBytes then return true end
    local oldest = redis.call('ZRANGE', base .. ':ended', 0, 0)[1]
    if not oldest then return false end
    forget(oldest)
  end
  return false
end

local function finish(id, state)
  local target, seq, from, order, ttl = unpack(read(id, 'target', 'seq', 'state', 'order', 'ttl'))
  withhold(id, target)
  redis.call('ZREM', base .. ':leases', id)
  redis.call('ZREM', base .. ':expiring', id)
  move(id, seq, from, state)
  redis.call('HINCRBY', jobKey(id), 'epoch', 1)
  write(id, 'endedAt', now)
  redis.call('ZADD', base .. ':ended', now + ttl, id)
  leave(id, target, order)
  tell('e' .. id)
  local surplus = redis.call('ZCARD', base .. ':ended') - keep
  if surplus > 0 then
    for _, oldest in ipairs(redis.call('ZRANGE', base .. ':ended', 0, math.min(surplus, 100) - 1)) do forget(oldest) end
  end
end

local function waitAgain(id, seq, dueAt)
  redis.call('ZREM', base .. ':leases', id)
  redis.call('HINCRBY', jobKey(id), 'epoch', 1)
  write(id, 'dueAt', dueAt)
  move(id, seq, 'running', 'waiting')
  local expiresAt = read(id, 'expiresAt')[1]
  if expiresAt then redis.call('ZADD', base .. ':expiring', expiresAt, id) end
  offer(id)
end

local function dueIn(set) return redis.call('ZRANGEBYSCORE', base .. set, '-inf', now, 'LIMIT', 0, 100) end

-- What time alone has done to jobs; a bounded number of them per step.
local function pass()
  for _, id in ipairs(dueIn(':expiring')) do
    write(id, 'error', 'late')
    finish(id, 'dead')
  end
  for _, id in ipairs(dueIn(':delayed')) do
    redis.call('ZREM', base .. ':delayed', id)
    offer(id)
  end
  for _, id in ipairs(dueIn(':leases')) do
    local seq, attempts, most = unpack(read(id, 'seq', 'attempts', 'most'))
    write(id, 'error', 'lost')
    if tonumber(attempts) >= tonumber(most) then finish(id, 'dead') else waitAgain(id, seq, now) end
  end
  for _, id in ipairs(dueIn(':ended')) do forget(id) end
end

local function isLeased(id, epoch)
  local state, current = unpack(read(id, 'state', 'epoch'))
  return state == 'running' and current == epoch
end
`;
