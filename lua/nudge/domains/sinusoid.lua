-- SPDX-License-Identifier: MIT
-- Sinusoid regression: y = amplitude sin(frequency x + phase) + noise.
local check = require "nudge.check"
local regression = require "nudge.domains.regression"

-- The published parameter sets of few-shot sinusoid regression under contrastive rules: wide with
-- spiking networks, narrow with modulated ones. They differ in the amplitudes.
local presets = {
  wide = { amplitude = { 0.1, 5 }, phase = { 0, math.pi }, inputs = { -5, 5 }, shots = 10 },
  narrow = { amplitude = { 0.1, 0.5 }, phase = { 0, math.pi }, inputs = { -5, 5 }, shots = 10 },
}

local fields = regression.fields {
  preset = "string", amplitude = "table|number", phase = "table|number",
  frequency = "table|number",
}

return function(given)
  local owner = "nudge.domains.sinusoid"
  local t = check.fields(owner, given or {}, fields)
  local preset = check.choice(owner, "preset", t.preset or "wide", check.sorted_keys(presets))
  for name, value in pairs(presets[preset]) do
    t[name] = t[name] == nil and value or t[name]
  end
  t.name = t.name or "sinusoid"
  local amplitude = regression.range(owner, "amplitude", t.amplitude)
  local phase = regression.range(owner, "phase", t.phase)
  local frequency = regression.range(owner, "frequency", t.frequency or 1)
  return regression.new(owner, t, {
    n_inputs = 1,
    parameters = function(batch)
      return {
        amplitude = regression.one(batch, "amplitude", amplitude),
        phase = regression.one(batch, "phase", phase),
        frequency = regression.one(batch, "frequency", frequency),
      }
    end,
    at = function(p, x)
      local n = #p.phase
      local angle = x * p.frequency:reshape(n, 1, 1) + p.phase:reshape(n, 1, 1)
      return angle:sin() * p.amplitude:reshape(n, 1, 1)
    end,
  })
end
