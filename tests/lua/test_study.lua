-- SPDX-License-Identifier: MIT
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local problems = require "problems"
local tap = require "tap"

local function contrastive(variant, options)
  options = options or {}
  options.variant = variant
  options.past_radius = "report"
  return nudge.rule("contrastive", options)
end

local function small_study()
  return nudge.gradient_error {
    problem = problems.ridge(),
    rules = {
      contrastive "forward", contrastive "symmetric",
      contrastive("holomorphic", { points = 8 }), contrastive("holomorphic", { points = 16 }),
      { contrastive("forward", { nudged_steps = 300 }), label = "early", alone = true },
      nudge.rule("implicit", { solver = "cg" }), nudge.rule("unrolled"),
    },
    sweep = { beta = nudge.logspace(1e-6, 1e-1, 6), free_steps = { 100, 300 },
      iterations = { 3, 1 }, window = { 10, 300 } },
  }
end

local study = small_study()

tap.test("rules times swept options", function()
  -- 4 rules x 6 betas x 2 free_steps, early likewise; implicit: 2 x 2; unrolled: 2
  tap.is(#study.rows, 5 * 6 * 2 + 2 * 2 + 2)
  local labels = {}
  for i, family in ipairs(study.families) do
    labels[i] = family.label
  end
  tap.is(table.concat(labels, "; "), "contrastive forward; contrastive symmetric; "
    .. "contrastive holomorphic points=8; contrastive holomorphic points=16; early; implicit cg; "
    .. "unrolled")
  tap.is(study.families[6].rows[1].values.iterations, 1, "values ascend")
  tap.matches(tostring(study), "nudge.study ridge, 66 estimates")
end)

tap.test("errors are those of single estimates", function()
  local p <close> = problems.ridge()
  local exact = p:exact().gradient
  tap.ok(exact:equals(study.exact.gradient))
  for _, row in ipairs(study.rows) do
    if row.family.id == "contrastive" and not row.family.alone then
      local options = row.family.rule:given()
      options.beta, options.free_steps = row.values.beta, row.values.free_steps
      local g = p:estimate(nudge.rule("contrastive", options), { soft = true })
      tap.ok(g:equals(row.gradient), row.family.label .. " " .. row.values.beta)
    end
  end
end)

tap.test("fitted orders and bounds agree with theory", function()
  local forward, symmetric = study.families[1], study.families[2]
  local of = function(family) return family.series[#family.series] end
  tap.near(of(forward).fit.order, 1, 0.05)
  tap.near(of(symmetric).fit.order, 2, 0.05)
  tap.is(symmetric.order, 2)
  for _, family in ipairs { forward, symmetric } do
    for _, row in ipairs(of(family).rows) do
      if row.values.beta <= 1e-3 then
        tap.ok(row.relative_error <= 1.05 * row.bound,
          family.label .. " lies below its bound at " .. row.values.beta)
      end
    end
    tap.ok(of(family).bound.optimum > 0)
  end
end)

tap.test("rules say order and factor themselves", function()
  for variant, wanted in pairs { forward = { 1, 1 }, symmetric = { 2, 1 }, second_order = { 2, 2 },
    richardson = { 4, 0.25 }, central = { 6, 36 }, holomorphic = { 6, 1 } } do
    local points = (variant == "central" or variant == "holomorphic") and 6 or nil
    local rule = nudge.rule("contrastive", { variant = variant, points = points })
    local order, factor = rule:truncation()
    tap.is(order, wanted[1], variant)
    tap.near(factor, wanted[2], 1e-11, variant)
  end
  tap.is(nudge.rule("implicit"):truncation(), nil)
end)

tap.test("results do not depend on repetition", function()
  local again = small_study()
  for i, row in ipairs(study.rows) do
    tap.ok(row.gradient:equals(again.rows[i].gradient), "row " .. i)
  end
end)

tap.test("the table names every rule and its best error", function()
  local text = study:table()
  for _, wanted in ipairs { "ridge", "correlated regression", "closed form", "forward",
    "holomorphic points=16", "early", "error by beta", "error by iterations", "2.00%d %(2%)",
    "66 estimates" } do
    tap.matches(text, wanted)
  end
  for line in text:gmatch "[^\n]+" do
    tap.ok(not line:find "%s$", "no blanks at the end of '" .. line .. "'")
  end
end)

tap.test("the table says what its marks mean and where learning stopped", function()
  local text = study:table()
  for _, wanted in ipairs { "predicted best beta  bound there",
    "dense solve refined in long double",
    "- %(theory%): too few", "learned  to a gradient norm of", "distance from the minimum" } do
    tap.matches(text, wanted)
  end
  tap.ok(not text:find "WARNING")
  local unfinished = nudge.gradient_error {
    problem = problems.ridge { optimizer = "gradient_descent", lr = 0.01, steps = 3 },
    rules = { nudge.rule "implicit", contrastive("forward", { beta = 1e-6, nudged_steps = 50 }) } }
  tap.matches(unfinished:table(), "WARNING  learning had not converged")
  tap.matches(unfinished:table(), "\n  cg +%S+")
  tap.matches(unfinished:table(), "forward +> 1  ", "> 1: worthless")
end)

tap.test("CSV holds every row with all digits", function()
  local file <close> = tap.file ".csv"
  study:csv(file.path)
  local lines = {}
  for line in tap.read(file.path):gmatch "[^\n]+" do
    lines[#lines + 1] = line
  end
  tap.is(#lines, 1 + #study.rows)
  tap.matches(lines[1], "^study,rule,label,beta,free_steps,iterations,window,relative_error,bound,")
  local beta, error = lines[2]:match "^ridge,contrastive,contrastive forward,([^,]+),100,,,([^,]+),"
  tap.is(tonumber(beta), study.rows[1].values.beta)
  tap.is(tonumber(error), study.rows[1].relative_error)
end)

tap.test("JSON is valid and the same for the same study", function()
  local a <close> = tap.file ".json"
  local b <close> = tap.file ".json"
  study:json(a.path)
  study:json(b.path)
  local text = tap.read(a.path)
  tap.is(text, tap.read(b.path))
  tap.ok(not text:find "nan" and not text:find ": inf", "only finite numbers")
  local found, cjson = pcall(require, "cjson")
  if found then
    local t = cjson.decode(text)
    tap.is(#t.estimates, #study.rows)
    tap.is(t.exact.gradient[2], study.exact.gradient[2])
    tap.is(t.learner, "quadratic")
  end
end)

tap.test("figures: SVG and PNG, whole or not at all", function()
  if not os.execute "command -v gnuplot >/dev/null" then
    tap.raises(function() study:plot "/tmp/x.svg" end, "gnuplot is not installed")
    return
  end
  local svg <close> = tap.file ".svg"
  local png <close> = tap.file ".png"
  study:plot(svg.path)
  nudge.plot_studies({ study, study }, png.path)
  tap.matches(tap.read(svg.path), "</svg>%s*$")
  tap.matches(tap.read(png.path), "^\137PNG")
  tap.raises(function() study:plot "figure.pdf" end, "%.svg or %.png", "test_study.lua:%d+:")
  tap.raises(function() study:plot "/nowhere/figure.svg" end, "/nowhere/figure.svg", "cannot write")
end)

tap.test("studies in a list of their own share a row of a figure", function()
  local one <close> = tap.file ".csv"
  local other <close> = tap.file ".csv"
  nudge.csv({ study, study, study }, one.path)
  nudge.csv({ study, { study, study } }, other.path)
  tap.is(tap.read(one.path), tap.read(other.path))
  tap.raises(function() nudge.csv({ study, {} }, one.path) end, "entry 2 is not a study")
  tap.raises(function() nudge.csv({ { study, 3 } }, one.path) end, "entry 1 is not a study")
  tap.raises(function() nudge.csv({ "x" }, one.path) end, "entry 1 is not a study")
  tap.raises(function() nudge.csv({}, one.path) end, "a list of studies")
  if os.execute "command -v gnuplot >/dev/null" then
    local wide <close> = tap.file ".svg"
    local tall <close> = tap.file ".svg"
    nudge.plot_studies({ { study, study } }, wide.path)
    nudge.plot_studies({ study, study }, tall.path)
    local size = '<svg%s+width="(%d+)" height="(%d+)"'
    local w1, h1 = tap.read(wide.path):match(size)
    local w2, h2 = tap.read(tall.path):match(size)
    tap.ok(tonumber(w1) > 1.9 * tonumber(w2), "twice the columns")
    tap.ok(tonumber(h2) > 1.9 * tonumber(h1), "twice the rows")
  end
end)

tap.test("mistakes in a study are found before any estimate", function()
  local p <close> = problems.ridge()
  local function with(change)
    return function()
      local spec = { problem = p, rules = { contrastive "forward" }, sweep = { beta = { 0.1 } } }
      change(spec)
      nudge.gradient_error(spec)
    end
  end
  tap.raises(with(function(s) s.rules = {} end), "rules is empty")
  tap.raises(with(function(s) s.rules = { "forward" } end), "rules%[1%] must be a nudge.rule")
  tap.raises(with(function(s) s.sweep.bta = { 1 } end), "no rule .* has an option 'bta'")
  tap.raises(with(function(s) s.sweep.beta = {} end), "list or an array")
  tap.raises(with(function(s) s.sweep.beta = { 0.1, "x" } end), "one type")
  tap.raises(with(function(s) s.sweep.beta = { 0.1, 0 / 0 } end), "NaN")
  tap.raises(with(function(s) s.sweep.beta = { 0.1, 1e9 } end), "beta", "1000")
  tap.raises(with(function(s) s.problem = nil end), "problem is missing")
  tap.raises(with(function(s) s.exact = "maybe" end), "fixed_point, unrolled")
end)

tap.test("a sweep of steps moves all options that end in it", function()
  local s = nudge.gradient_error { problem = problems.ridge(), rules = { contrastive "forward" },
    sweep = { steps = { 50, 300 }, beta = { 1e-3 } } }
  tap.is(#s.rows, 2)
  tap.ok(s.rows[2].record.gradient_evaluations > s.rows[1].record.gradient_evaluations + 400)
  tap.ok(s.rows[2].relative_error < s.rows[1].relative_error)
end)

tap.test("phases without any error have a bound too", function()
  local s = nudge.gradient_error { problem = problems.scalar(), rules = { contrastive "forward" },
    sweep = { beta = { 1e-3, 1e-2, 1e-1 } } }
  tap.is(s.families[1].series[1].bound.optimum, 1e-3)
  tap.ok(s:table())
end)

tap.test("the unrolled exact gradient judges unrolled rules", function()
  local p <close> = problems.ridge { optimizer = "heavy_ball", lr = 0.1, momentum = 0.5, steps = 7 }
  local s = nudge.gradient_error { problem = p, rules = { nudge.rule "unrolled" },
    exact = "unrolled" }
  tap.ok(s.rows[1].relative_error < 1e-12)
end)

tap.done()
