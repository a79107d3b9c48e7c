"""What sessions do in Redis in one step each, as Lua.

The keys below one prefix, each with a time to live:
    session:{id}       a hash: the session, `current` and `previous` (hashes of its last two refresh tokens), `rotated`
                       (when the one was exchanged for the other), `revoked` (there once it is)
    refresh:{sha256}   the id of the session that this refresh token was made for
    user:{id}          a sorted set: the ids of the user's open sessions by the time they end
    open               a sorted set: the ids of all open sessions by the time they end, to be counted
Times are milliseconds since 1970 by the caller's clock. The scripts make names of keys from what they read, so this
is for one Redis and not for a cluster of them.
"""

from __future__ import annotations

SHARED = """
local function put(key, life, value)
    redis.call('SET', key, value, 'PX', life)
end

-- A session leaves the set when Redis has forgotten it, not when a caller's clock says so: while it is there, ending
-- all of a user's sessions must find it. The set must outlive each of its sessions, whichever ends last.
local function enlist(prefix, user, id, now, ends)
    local set = prefix .. 'user:' .. user
    for _, old in ipairs(redis.call('ZRANGEBYSCORE', set, '-inf', string.format('%.0f', now))) do
        if redis.call('EXISTS', prefix .. 'session:' .. old) == 0 then redis.call('ZREM', set, old) end
    end
    for _, each in ipairs({set, prefix .. 'open'}) do
        redis.call('ZADD', each, string.format('%.0f', ends), id)
        redis.call('PEXPIRE', each, string.format('%.0f', math.max(redis.call('PTTL', each), ends - now)))
    end
end

-- Of a user who opens more and more sessions the first to end give way, and nothing of them stays behind.
local function thin(prefix, user, most)
    local set = prefix .. 'user:' .. user
    for _, old in ipairs(redis.call('ZRANGE', set, 0, -most - 1)) do
        local session = prefix .. 'session:' .. old
        for _, token in ipairs(redis.call('HMGET', session, 'current', 'previous')) do
            if token then redis.call('DEL', prefix .. 'refresh:' .. token) end
        end
        redis.call('DEL', session)
        redis.call('ZREM', set, old)
        redis.call('ZREM', prefix .. 'open', old)
    end
end

-- A revoked session stays until it would have ended, to say so; what it knew of its user's device goes.
local function revoke(prefix, id, why)
    local session = prefix .. 'session:' .. id
    local found = redis.call('HMGET', session, 'user', 'revoked')
    if not found[1] then return 0 end
    redis.call('ZREM', prefix .. 'user:' .. found[1], id)
    redis.call('ZREM', prefix .. 'open', id)
    if found[2] then return 0 end
    redis.call('HDEL', session, 'agent', 'address', 'amr')
    redis.call('HSET', session, 'revoked', why)
    return 1
end
"""

# prefix, id, user, hash of the token, now, end, how many sessions a user has at most, then fields and values → 1, or 0 when the session or the token is there
OPEN = (
    SHARED
    + """
local prefix, id, user, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local now, ends = tonumber(ARGV[5]), tonumber(ARGV[6])
local session, mark = prefix .. 'session:' .. id, prefix .. 'refresh:' .. token
if redis.call('EXISTS', session, mark) > 0 then return 0 end
local life = string.format('%.0f', ends - now)
redis.call('HSET', session, 'user', user, 'current', token, unpack(ARGV, 8))
redis.call('PEXPIRE', session, life)
put(mark, life, id)
enlist(prefix, user, id, now, ends)
thin(prefix, user, tonumber(ARGV[7]))
return 1
"""
)

# prefix, hash of the token, hash of its child, now, reuse interval → {what happened, id, fields and values}
ROTATE = (
    SHARED
    + """
local prefix, parent, child = ARGV[1], ARGV[2], ARGV[3]
local now, reuse = tonumber(ARGV[4]), tonumber(ARGV[5])
local id = redis.call('GET', prefix .. 'refresh:' .. parent)
if not id then return {'unknown'} end
local session = prefix .. 'session:' .. id
local names = {'user', 'created', 'refreshed', 'idle', 'absolute', 'current', 'previous', 'rotated', 'revoked'}
local values, s = redis.call('HMGET', session, unpack(names)), {}
for number, name in ipairs(names) do s[name] = values[number] end
if not s.user then return {'unknown'} end
local last = s.created + s.absolute
if now >= math.min(s.refreshed + s.idle, last) then return {'expired'} end
if s.revoked then return {'revoked'} end
if s.current == parent then
    local ends = math.min(now + s.idle, last)
    local life = string.format('%.0f', ends - now)
    redis.call('HSET', session, 'current', child, 'previous', parent, 'rotated', ARGV[4], 'refreshed', ARGV[4])
    redis.call('PEXPIRE', session, life)
    put(prefix .. 'refresh:' .. child, life, id)
    enlist(prefix, s.user, id, now, ends)
elseif s.previous ~= parent or s.current ~= child or now - s.rotated >= reuse then
    revoke(prefix, id, 'reused')
    return {'reused'}
end
return {'rotated', id, redis.call('HGETALL', session)}
"""
)

# prefix, id → how many were revoked
REVOKE = SHARED + "return revoke(ARGV[1], ARGV[2], 'revoked')"

# prefix, user, the id of a session to leave open → how many were revoked
REVOKE_ALL = (
    SHARED
    + """
local count = 0
for _, id in ipairs(redis.call('ZRANGE', ARGV[1] .. 'user:' .. ARGV[2], 0, -1)) do
    if id ~= ARGV[3] then count = count + revoke(ARGV[1], id, 'revoked') end
end
return count
"""
)
