-- The structs of the module are as large as those of the headers; SIZES names the program that tells.
-- SPDX-License-Identifier: Apache-2.0
local ffi = require "ffi"
require "wengert"

local n = 0
for name, size in io.popen(os.getenv "SIZES"):read("*a"):gmatch("(%S+) (%d+)") do
    local mine = ffi.sizeof(name)
    assert(mine == tonumber(size), ("%s has %d bytes, not %s"):format(name, mine, size))
    n = n + 1
end
assert(n == 6)
print(n .. " structs")
