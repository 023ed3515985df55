-- One write of one key, if what is expected holds. The server runs it in one step.
-- KEYS[1] the key. ARGV[1] what is expected: anything, absent or bytes. ARGV[2] the expected bytes.
-- ARGV[3] the command. From ARGV[4] on: its arguments after the key.
local expected, command = ARGV[1], ARGV[3]
if expected ~= 'anything' then
  local present
  if command == 'HSET' or command == 'HDEL' then
    present = redis.call('HGET', KEYS[1], ARGV[4])
  else
    present = redis.call('GET', KEYS[1])
  end
  if expected == 'absent' and present then return 'there' end
  if expected == 'bytes' and not present then return 'gone' end
  if expected == 'bytes' and present ~= ARGV[2] then return 'other' end
end
redis.call(command, KEYS[1], unpack(ARGV, 4))
return 'done'
