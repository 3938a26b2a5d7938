-- The contest's rules for Tumbleweed: 9,000 for the way from the start to the goal, reckoned by x, and up to 1,000 for
-- reaching the goal early. Going back costs what going forth earned, so an episode's sum is how far it came.
-- stable-retro runs this file anew for every episode. New Game Plus knows it by its hash and reckons the same without
-- Lua (progress.toml): whoever changes a letter here writes the new hash there.

local FULL_PROGRESS = 9000
local FULL_SPEED = 1000
local FULL_TIME = 18000 -- frames after which speed earns nothing

local lives = 3
local start_x = nil
local distance = nil -- pixels from the start to the goal
local reached = 0 -- of the distance, as of the frame before

local function clip(number, low, high)
    if number < low then
        return low
    elseif number > high then
        return high
    end
    return number
end

local function progress()
    if start_x == nil then
        start_x = data.x
        distance = data.goal_x - data.x
    end
    return clip(data.x - start_x, 0, distance) / distance
end

-- The episode ends with a lost life or at the goal.
function contest_done()
    if data.lives < lives then
        return true
    end
    lives = data.lives
    return progress() >= 1
end

function contest_reward()
    local now = progress()
    local reward = (now - reached) * FULL_PROGRESS
    reached = now
    if now >= 1 then
        reward = reward + (1 - clip(scenario.frame / FULL_TIME, 0, 1)) * FULL_SPEED
    end
    return reward
end
