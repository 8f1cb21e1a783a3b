import { type Script, script } from "../server/commands.ts";

/**
 * Adds jobs to the stream of their service while it has room. KEYS: jobs. ARGV: bound, then all jobs in one piece, each with its length
 * before it, in 4 bytes (little end first): arguments, and values of a reply, cost more than bytes, here and in the client.
 * Returns how many were added, the first ones, and their ids as one text.
 */
export const submitScript: Script = script(`
local room = tonumber(ARGV[1]) - redis.call('XLEN', KEYS[1])
local ids, at, bytes = {}, 1, #ARGV[2]
while room > 0 and at < bytes do
  local job
  job, at = struct.unpack('<I4c0', ARGV[2], at)
  ids[#ids + 1] = redis.call('XADD', KEYS[1], '*', 'j', job)
  room = room - 1
end
return {#ids, table.concat(ids, ' ')}
`);

/**
 * Takes jobs back that no worker has taken. KEYS: jobs. ARGV: group, then ids. Returns for each 1 when it was still there, the id of the
 * worker that has it, or 0 when it is not there any more.
 */
export const withdrawScript: Script = script(`
local ends = {}
for at = 2, #ARGV do
  local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[at], ARGV[at], 1)
  if not pending.err and #pending > 0 then ends[#ends + 1] = pending[1][2]
  else ends[#ends + 1] = redis.call('XDEL', KEYS[1], ARGV[at]) end
end
return ends
`);

/** Jobs are done: acknowledges and removes them. KEYS: jobs. ARGV: group, then ids as one text. */
export const doneScript: Script = script(`
local ids = {}
for id in string.gmatch(ARGV[2], '%S+') do ids[#ids + 1] = id end
for at = 1, #ids, 1000 do
  local last = math.min(at + 999, #ids)
  redis.call('XACK', KEYS[1], ARGV[1], unpack(ids, at, last))
  redis.call('XDEL', KEYS[1], unpack(ids, at, last))
end
return 1
`);

/** What `takeOverScript` did. */
export const TakeOver = {
  /** Nothing: the worker reads this stream, whatever the table says. */
  alive: 0,
  /** The worker has no job any more, and is no consumer. */
  done: 1,
  /** Some; it has further jobs. */
  more: 2,
} as const;

/**
 * Deals with what a lost worker had taken. A job that may run again goes to the end of the stream, unless that was its last delivery or
 * its deadline has passed; one that may not is removed. The worker is then no consumer any more.
 *
 * The table lies elsewhere, so a worker may be back in it, or take jobs, while it is being judged: the last word has the stream itself,
 * where each read of the worker counts as a sign of life in the same step in which it takes jobs.
 *
 * KEYS: jobs, dead, dead by target. ARGV: group, worker, bound of the dead, ms of silence after which it is lost. Returns a list of gate, number, what
 * became of it (`lost` or `dead`), and deliveries, of each job whose gate must hear of it; how many were looked at; a `TakeOver`.
 */
export const takeOverScript: Script = script(`
local limit = 500
local function countDead(target, by)
  if redis.call('HINCRBY', KEYS[3], target, by) <= 0 then redis.call('HDEL', KEYS[3], target) end
end
local function putAside(reason, header, frame, target)
  -- Somebody has removed the stream by hand.
  if redis.call('XLEN', KEYS[2]) == 0 then redis.call('DEL', KEYS[3]) end
  redis.call('XADD', KEYS[2], '*', 'reason', reason, 'h', header, 'j', frame)
  countDead(target, 1)
  while redis.call('XLEN', KEYS[2]) > tonumber(ARGV[3]) do
    local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
    redis.call('XDEL', KEYS[2], oldest[1])
    local past = string.match(oldest[2][4] or '', '(%S+)$')
    if past then countDead(past, -1) end
  end
end
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return {{}, 0, 1} end
for _, row in ipairs(consumers) do
  local about = {}
  for at = 1, #row, 2 do about[row[at]] = row[at + 1] end
  if about.name == ARGV[2] and about.idle < tonumber(ARGV[4]) then return {{}, 0, 0} end
end
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', limit, ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local told = {}
for _, one in ipairs(pending) do
  local id = one[1]
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  redis.call('XACK', KEYS[1], ARGV[1], id)
  if entry then
    redis.call('XDEL', KEYS[1], id)
    local value = entry[2][2]
    local line = string.find(value, '\\n', 1, true) or 1
    local header, frame = string.sub(value, 1, line - 1), string.sub(value, line + 1)
    local gate, number, deadline, attempt, most, idempotent, target =
      string.match(header, '^(%S+) (%d+) (%d+) (%d+) (%d+) ([01]) (%S+)$')
    if gate and idempotent == '0' then
      told[#told + 1] = {gate, number, 'lost', attempt}
    elseif gate and (deadline == '0' or tonumber(deadline) > now) then
      if tonumber(attempt) < tonumber(most) then
        local again = gate .. ' ' .. number .. ' ' .. deadline .. ' ' .. (attempt + 1) .. ' ' .. most .. ' 1 ' .. target
        redis.call('XADD', KEYS[1], '*', 'j', again .. '\\n' .. frame)
      else
        local reason = 'each of its ' .. attempt .. ' deliveries ended with its worker lost, the last one ' .. ARGV[2]
        putAside(reason, header, frame, target)
        told[#told + 1] = {gate, number, 'dead', attempt}
      end
    end
  end
end
if #pending == limit then return {told, #pending, 2} end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return {told, #pending, 1}
`);
