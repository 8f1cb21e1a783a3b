import { type Script, script } from "../server/commands.ts";
import { moves } from "./moves.ts";

const step = (lua: string): Script => script(moves + lua);

/** Fields of a job that a list shows. */
export const listedFields = [
  "id",
  "target",
  "type",
  "accept",
  "meta",
  "key",
  "order",
  "state",
  "attempts",
  "most",
  "submittedAt",
  "startedAt",
  "endedAt",
  "dueAt",
  "expiresAt",
  "error",
] as const;

/**
 * ARGV: keep, bytes, bound, id, target, payload, type, accept, meta, delay, deadline or "", most, ttl, then "=" and the text, or "", of key,
 * fingerprint and order. Returns "new" or "known" and the job, "taken" and the id of the other one, "full" or "heavy".
 */
export const submitScript: Script = step(`
local bound, id, target, payload, type, accept, meta, delay, deadline, most, ttl, key, fingerprint, order = unpack(ARGV, 3)
local function textOf(marked) return marked ~= '' and string.sub(marked, 2) or nil end
key, fingerprint, order = textOf(key), textOf(fingerprint), textOf(order)
pass()
if key then
  local known = redis.call('HGET', base .. ':keys', target .. ' ' .. key)
  if known and redis.call('EXISTS', jobKey(known)) == 1 then
    if (read(known, 'fingerprint')[1] or nil) ~= fingerprint then return { 'taken', known } end
    return { 'known', redis.call('HGETALL', jobKey(known)) }
  end
end
if waiting() >= tonumber(bound) then return { 'full' } end
local bytes = 1024 + #payload + #meta
if not makeRoom(bytes) then return { 'heavy' } end
local seq = redis.call('INCR', base .. ':seq')
write(id, 'id', id, 'target', target, 'payload', payload, 'type', type, 'accept', accept, 'meta', meta, 'state', 'waiting', 'seq', seq,
  'attempts', 0, 'epoch', 0, 'most', most, 'ttl', ttl, 'submittedAt', now, 'dueAt', now + delay)
if key then
  write(id, 'key', key)
  redis.call('HSET', base .. ':keys', target .. ' ' .. key, id)
end
if fingerprint then write(id, 'fingerprint', fingerprint) end
if order then write(id, 'order', order) end
if deadline ~= '' then
  write(id, 'expiresAt', now + deadline)
  redis.call('ZADD', base .. ':expiring', now + deadline, id)
end
grow(id, bytes)
redis.call('ZADD', base .. ':all', seq, id)
redis.call('ZADD', base .. ':state:waiting', seq, id)
enter(id, target, order, seq)
return { 'new', redis.call('HGETALL', jobKey(id)) }
`);

/** ARGV: keep, bytes, target, limit, lease. Returns the jobs that are now leased, and the time left of each, or "". */
export const takeScript: Script = step(`
pass()
local target = ARGV[3]
local taken = {}
for _, id in ipairs(redis.call('ZRANGE', base .. ':ready:' .. target, 0, ARGV[4] - 1)) do
  withhold(id, target)
  redis.call('ZREM', base .. ':expiring', id)
  local seq, expiresAt = unpack(read(id, 'seq', 'expiresAt'))
  move(id, seq, 'waiting', 'running')
  redis.call('HINCRBY', jobKey(id), 'attempts', 1)
  redis.call('HINCRBY', jobKey(id), 'epoch', 1)
  write(id, 'startedAt', now)
  redis.call('ZADD', base .. ':leases', now + ARGV[5], id)
  taken[#taken + 1] = { redis.call('HGETALL', jobKey(id)), expiresAt and tostring(expiresAt - now) or '' }
end
return taken
`);

/** ARGV: keep, bytes, lease, then id and epoch of each. Returns the places, from 1, of those that are lost. */
export const extendScript: Script = step(`
local lost = {}
for at = 4, #ARGV, 2 do
  if isLeased(ARGV[at], ARGV[at + 1]) then redis.call('ZADD', base .. ':leases', now + ARGV[3], ARGV[at])
  else lost[#lost + 1] = at / 2 - 1 end
end
return lost
`);

/** ARGV: keep, bytes, id, epoch, reply. Returns 0 when the lease is lost. */
export const completeScript: Script = step(`
if not isLeased(ARGV[3], ARGV[4]) then return 0 end
write(ARGV[3], 'reply', ARGV[5])
grow(ARGV[3], #ARGV[5])
redis.call('HDEL', jobKey(ARGV[3]), 'error')
finish(ARGV[3], 'completed')
makeRoom(0)
return 1
`);

/** ARGV: keep, bytes, id, epoch, error, delay, 1 when it counts. Returns 0 when the lease is lost. */
export const putBackScript: Script = step(`
local id, epoch, failure, delay, isCounted = unpack(ARGV, 3)
if not isLeased(id, epoch) then return 0 end
write(id, 'error', failure)
local seq, attempts, most = unpack(read(id, 'seq', 'attempts', 'most'))
if isCounted == '1' and tonumber(attempts) >= tonumber(most) then
  finish(id, 'dead')
  return 1
end
if isCounted ~= '1' then redis.call('HINCRBY', jobKey(id), 'attempts', -1) end
waitAgain(id, seq, now + delay)
return 1
`);

/** ARGV: keep, bytes, id, epoch, error. Returns 0 when the lease is lost. */
export const buryScript: Script = step(`
if not isLeased(ARGV[3], ARGV[4]) then return 0 end
write(ARGV[3], 'error', ARGV[5])
finish(ARGV[3], 'dead')
return 1
`);

/** ARGV: keep, bytes, id. Returns the job. */
export const getScript: Script = step(`
pass()
return redis.call('HGETALL', jobKey(ARGV[3]))
`);

/** ARGV: keep, bytes, id, error. Returns the job as it is then. */
export const cancelScript: Script = step(`
local state = read(ARGV[3], 'state')[1]
if state == 'waiting' or state == 'running' then
  write(ARGV[3], 'error', ARGV[4])
  finish(ARGV[3], 'cancelled')
end
return redis.call('HGETALL', jobKey(ARGV[3]))
`);

/** ARGV: keep, bytes, id, bound. Returns the job as it is then, or "full". */
export const retryScript: Script = step(`
local id = ARGV[3]
local state, seq, target, order = unpack(read(id, 'state', 'seq', 'target', 'order'))
if state == 'dead' or state == 'cancelled' then
  if waiting() >= tonumber(ARGV[4]) then return 'full' end
  redis.call('ZREM', base .. ':ended', id)
  redis.call('HDEL', jobKey(id), 'endedAt', 'expiresAt')
  write(id, 'attempts', 0, 'dueAt', now)
  move(id, seq, state, 'waiting')
  enter(id, target, order, redis.call('INCR', base .. ':seq'))
end
return redis.call('HGETALL', jobKey(id))
`);

/**
 * ARGV: keep, bytes, state or "", target or "", limit, "(" and the seq to go on from or "+inf". Looks at 1000 jobs at most. Returns where to go
 * on, or "" when that was all, then the fields of each.
 */
export const listScript: Script = step(`
local state, target, limit, from = unpack(ARGV, 3)
local ids = redis.call('ZREVRANGEBYSCORE', base .. (state == '' and ':all' or ':state:' .. state), from, '-inf', 'LIMIT', 0, 1000)
local found = { '' }
for at, id in ipairs(ids) do
  local fields = read(id, ${listedFields.map((field) => `'${field}'`).join(", ")})
  if fields[1] and (target == '' or fields[2] == target) then found[#found + 1] = fields end
  local isFull = #found > tonumber(limit)
  if isFull or at == 1000 then
    found[1] = isFull and 'full' or '(' .. read(id, 'seq')[1]
    break
  end
end
return found
`);

/** ARGV: keep, bytes. Returns the number of jobs that are waiting, running, completed, dead and cancelled. */
export const countScript: Script = step(`
pass()
local counts = {}
for _, state in ipairs({ 'waiting', 'running', 'completed', 'dead', 'cancelled' }) do
  counts[#counts + 1] = redis.call('ZCARD', base .. ':state:' .. state)
end
return counts
`);

/** ARGV: keep, bytes. Returns about 1000 targets at most that have dead jobs, each with their number after it. */
export const deadScript: Script = step(`
pass()
return redis.call('HSCAN', base .. ':dead', 0, 'COUNT', 1000)[2]
`);

/** ARGV: keep, bytes. Returns the targets of which jobs may be taken. */
export const dueScript: Script = step(`
pass()
return redis.call('SMEMBERS', base .. ':targets')
`);
