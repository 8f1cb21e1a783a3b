import { type Script, script } from "../server/commands.ts";

/**
 * Adds jobs to the stream of their service while it has room. KEYS: jobs. ARGV: bound, then header and frame of each job.
 * Returns the ids of those that were added: the first ones.
 */
export const submitScript: Script = script(`
local room = tonumber(ARGV[1]) - redis.call('XLEN', KEYS[1])
local ids = {}
for at = 2, #ARGV, 2 do
  if room <= 0 then break end
  ids[#ids + 1] = redis.call('XADD', KEYS[1], '*', 'h', ARGV[at], 'j', ARGV[at + 1])
  room = room - 1
end
return ids
`);

/** Takes a job back that no worker has taken. KEYS: jobs. ARGV: group, id. Returns 1 when it was still there. */
export const withdrawScript: Script = script(`
local ok, pending = pcall(redis.call, 'XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if ok and type(pending) == 'table' and #pending > 0 then return 0 end
return redis.call('XDEL', KEYS[1], ARGV[2])
`);
