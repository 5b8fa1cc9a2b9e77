-- SPDX-License-Identifier: MIT
-- The page of nudge report and the lines of nudge watch, from tables as nudge.store gives them.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local curves = require "nudge.page.curves"
local groups = require "nudge.page.groups"
local html = require "nudge.page.html"
local page = require "nudge.page"
local scale = require "nudge.scale"
local sparkline = require "nudge.sparkline"
local svg = require "nudge.page.svg"
local tap = require "tap"
local thin = require "nudge.page.thin"
local watch = require "nudge.watch"

local BAD = "<script>alert(1)</script>\"'&\27[2J\0\xff"

local function rows_of(n, f)
  local rows = {}
  for k = 1, n do
    rows[k] = { step = k, loss = f(k), rate = 0.5, work = 10 * k, seconds = k / 7 }
  end
  return rows
end

-- A run with one series, whose texts are all `name`.
local function run_of(id, name, n)
  return {
    id = id, name = name, status = "done", script = "/x/" .. name, started = 1.7e9,
    updated = 1.7e9 + 60, finished = 1.7e9 + 61.5, message = name, settings = { [name] = name,
      seed = id, same = 3 }, manifest = { [name] = { [name] = name, list = { 1, name } } },
    artefacts = { { name = name, path = "/nonexistent/" .. name .. ".svg", kind = name, bytes = 3,
      sha256 = name } },
    tables = { [name] = { { [name] = name, error = 0 / 0 }, { error = 0.25 } },
      one = { { [name] = name } } },
    series = { { name = name .. "/train", steps = n, last_step = n, metrics = {
      { name = "loss" }, { name = "rate" }, { name = "work" },
      { name = "seconds", volatile = true }, { name = name } } } },
  }
end

local function count(text, pattern)
  local _, n = text:gsub(pattern, "")
  return n
end

tap.test("text is text in HTML, whatever it holds", function()
  local shown = html.text(html.tag("p", { title = BAD, [1 > 2] = nil }, BAD, { BAD, false, 3 }))
  tap.is(count(shown, "<"), 2)
  tap.is(count(shown, "[%z\27\xff]"), 0)
  tap.ok(utf8.len(shown))
  tap.is(html.escape "a<b>&'\"", "a&lt;b&gt;&amp;&#39;&quot;")
  tap.is(html.text({ nil, "b" }, nil, false, html.tag("br")), "b<br>")
end)

tap.test("thinning keeps the ends, every extreme and every gap", function()
  local r = nudge.random(5)
  for _, n in ipairs { 83, 1000, 4321 } do
    local values, intervals = r:normal(n):totable(), 40
    values[17], values[50] = 0 / 0, math.huge
    local positions = thin(values, intervals)
    local kept = {}
    for i, k in ipairs(positions) do
      kept[k] = true
      tap.ok(i == 1 or k > positions[i - 1], "ascending")
    end
    tap.ok(kept[1] and kept[n] and kept[17] and kept[50])
    tap.ok(#positions <= 2 * intervals + 4)
    for i = 1, intervals do
      local all, some = {}, {}
      for k = (i - 1) * n // intervals + 1, i * n // intervals do
        all[#all + 1], some[#some + 1] = values[k], kept[k] and values[k] or nil
      end
      local low, high = scale.extent(all)
      local kept_low, kept_high = scale.extent(some)
      tap.ok(low == kept_low and high == kept_high, "extremes of an interval")
    end
  end
  tap.is(thin({ 1, 2, 3 }, 40), nil)
end)

tap.test("a scale is logarithmic where values fall by decades, and only there", function()
  local falling, line, wave = {}, {}, {}
  for k = 1, 200 do
    falling[k], line[k], wave[k] = math.exp(-k / 20), k, 2 + math.sin(k)
  end
  tap.is(scale.wants_log(falling), true)
  tap.is(scale.wants_log(line), false)
  tap.is(scale.wants_log(wave), false)
  falling[3] = 0
  tap.is(scale.wants_log(falling), false)
  tap.is(scale.wants_log {}, false)
end)

tap.test("a sparkline rises where its values do, and is never too wide", function()
  local bars, place = "▁▂▃▄▅▆▇█", {}
  for _, code in utf8.codes(bars) do
    place[code] = utf8.char(code)
  end
  for _, n in ipairs { 1, 2, 7, 40, 1000 } do
    local values = {}
    for k = 1, n do
      values[k] = k
    end
    for _, width in ipairs { 0, 1, 8, 40 } do
      local line, last = sparkline(values, width), 0
      tap.is(utf8.len(line), math.min(n, width))
      for _, code in utf8.codes(line) do
        tap.ok(place[code] and code >= last)
        last = code
      end
    end
  end
  tap.is(sparkline({ 1, 2, 3, 4, 5, 6, 7, 8 }, 8), bars)
  tap.is(sparkline({ 1, 0 / 0, 2 }, 3), "▁ █")
  tap.is(sparkline({ 3, 3 }, 9), "▅▅")
  tap.is(sparkline({ 0 / 0, math.huge }, 9), "  ")
end)

tap.test("only what a figure needs comes through, and nothing that leads outside", function()
  local node = svg.inline('<?xml version="1.0"?><!-- x --><svg width="20" height="10" '
    .. 'onload="x()" xmlns="http://www.w3.org/2000/svg"><title>t</title>'
    .. '<rect x="0" y="0" width="20" height="10" fill="#ffffff"/><defs><path id="p" d="M0,0"/>'
    .. '<path id="q" d="M0,0"/></defs><filter id="f"><feFlood/></filter>'
    .. '<g clip-path="url(#p)"><use xlink:href="#p" color="rgb(  0, 114, 178)"/>'
    .. '<use xlink:href="http://example.org/#x"/><path d="M1.234,5.678\n\t\tL2,3" stroke="black" '
    .. 'style="background:url(http://example.org)" fill="url(http://example.org)"/>'
    .. '<text onclick="x()">a &lt;b> &amp; &#60;c</text></g><g><g></g></g></svg>', "f1-", BAD)
  local text = html.text(node)
  for _, gone in ipairs { "http", "onclick", "onload", "<rect", 'id="f1%-q"', "<g></g>", "<title",
    "feFlood", "<%?", "<!%-%-", "<script" } do
    tap.is(text:find(gone), nil, gone)
  end
  for _, there in ipairs { 'href="#f1%-p"', 'id="f1%-p"', "url%(#f1%-p%)", "var%(%-%-c1%)",
    "stroke:var%(%-%-c6%)", "M1%.2 5%.7l%.8%-2%.7", "a &lt;b&gt; &amp; &lt;c",
    'viewBox="0 0 20 10"' } do
    tap.matches(text, there)
  end
end)

tap.test("paths are short, and the same to a tenth of a pixel", function()
  local path = require "nudge.page.path"
  tap.is(path.short "M10,20 L10.04,20 L12.56,20.0 L12.56,3.26 L-1.5,0.5",
    "M10 20h0 2.6v-16.7l-14.1-2.8")
  tap.is(path.short "M0,0 L1,1 L2,2 M5,5\n\tL6,5", "M0 0l1 1 1 1M5 5h1")
  tap.is(path.short "M-0.5,.5 L1,1", nil, "gnuplot writes a digit before the point")
  tap.is(path.short "M0,0 C1,1 2,2 3,3", nil)
  tap.is(path.short "L1,1", nil)
  tap.is(path.short "", nil)
  tap.is(path.closed "0,0 2,0 2,2 0,2", "M0 0h2v2h-2z")
  -- Rounding does not add up along a path.
  local random, d, points = nudge.random(3):uniform(400), {}, {}
  for i = 1, 200 do
    points[i] = { 300 * random[i], 300 * random[i + 200] }
    d[i] = string.format("%s%.3f,%.3f", i == 1 and "M" or "L", points[i][1], points[i][2])
  end
  local x, y, i = 0, 0, 0
  for command, numbers in path.short(table.concat(d, " ")):gmatch "(%a)([^%a]*)" do
    local list = {}
    for number in numbers:gmatch "%-?[%d.]+" do
      list[#list + 1] = tonumber(number)
    end
    for k = 1, #list, (command == "h" or command == "v") and 1 or 2 do
      x = x + (command ~= "v" and list[k] or 0)
      y = y + (command == "v" and list[k] or command ~= "h" and list[k + 1] or 0)
      i = i + 1
      local off = math.max(math.abs(x - points[i][1]), math.abs(y - points[i][2]))
      tap.ok(off < 0.051, "point " .. i)
    end
  end
  tap.is(i, 200)
end)

tap.test("groups of the same looks become one, polygons paths", function()
  local text = html.text(svg.inline('<svg width="9" height="9"><g fill="none"><path d="M0,0 L1,1"/>'
    .. '</g>\n<g fill="none"><text>a</text></g><g fill="none" opacity="0.5"><text>b</text></g>'
    .. '<g fill="none" opacity="0.5"><polygon fill="rgb(1,2,3)" points="0,0 1,0 1,1"/></g></svg>',
    "f-", "x"))
  tap.is(count(text, "<g"), 3)
  tap.is(count(text, "</g>"), 3)
  tap.matches(text, '<path d="M0 0h1v1z" style="fill:#010203"/>')
end)

tap.test("files that are no figures are refused", function()
  for _, text in ipairs { "", "x", "<svg>", '<svg width="1" height="1">', "<g></g>",
    '<svg width="1" height="1"><script>x()</script></svg>',
    '<svg width="1" height="1"><foreignObject/></svg>',
    '<svg width="1" height="1"><image href="x.png"/></svg>',
    '<svg width="1" height="1"></svg><svg width="1" height="1"></svg>',
    '<svg width="1" height="1"><g></svg></g>', '<svg width="x" height="1"></svg>' } do
    local node, why = svg.inline(text, "f-", "figure")
    tap.is(node, nil, text)
    tap.ok(why)
  end
end)

local gnuplot = io.popen "command -v gnuplot"
local has_gnuplot = gnuplot:read "l" ~= nil
gnuplot:close()

if has_gnuplot then
  tap.test("a drawn figure comes through whole, in the page's colours", function()
    local node = curves.inline(nudge.figure { panels = { { title = "a <b> & c", series = {
      { x = { 1, 2, 3 }, y = { 1, 3, 2 }, low = { 0, 2, 1 }, high = { 2, 4, 3 }, label = "s" },
      { x = { 1, 2, 3 }, y = { 2, 1, 2 }, dashed = true, label = "t" } } } } }, "f9-", "figure")
    local text = html.text(node)
    tap.matches(text, "stroke:var%(%-%-c1%)")
    tap.matches(text, "stroke:var%(%-%-c2%)")
    tap.matches(text, "stroke%-dasharray")
    tap.matches(text, "a &lt;b&gt; &amp; c")
    tap.is(text:find "rgb%(", nil)
    for id in text:gmatch ' id="([^"]+)"' do
      tap.matches(id, "^f9%-")
    end
  end)

  tap.test("a page holds what runs say as text, and leads nowhere", function()
    local runs = { run_of(1, BAD, 30), run_of(2, "plain", 30) }
    local text = page.make(runs, function(run)
      return rows_of(30, function(k)
        return math.exp(-k / 5) + run.id
      end)
    end, "/x/" .. BAD)
    tap.is(count(text, "<script"), 1)
    tap.is(count(text, "alert%(1%)<"), 0)
    tap.is(count(text, " src="), 0)
    tap.is(count(text, "https?:"), 0)
    tap.is(count(text, "@import"), 0)
    tap.is(count(text, "url%("), 0)
    for target in text:gmatch ' href="([^"]*)"' do
      tap.matches(target, "^#")
    end
    local ids = {}
    for id in text:gmatch ' id="([^"]+)"' do
      tap.ok(not ids[id], "the id " .. id .. " is there once")
      ids[id] = true
    end
    tap.matches(text, "default%-src &#39;none&#39;")
    tap.matches(text, "constant or in proportion to the step: rate, work")
    tap.matches(text, "is not shown: it is not there any more")
    tap.matches(text, '<tr class="differs">')
    tap.is(count(text, "<tr>.-same"), 1)
    tap.ok(utf8.len(text))
  end)

  tap.test("long series of many runs make a page below a megabyte that says so", function()
    local runs = {}
    for id = 1, 9 do
      runs[id] = run_of(id, "long", 20000)
      runs[id].series[1].metrics = { { name = "loss" } }
    end
    local r = nudge.random(2)
    local noise = r:normal(20000):totable()
    local text = page.make(runs, function(run)
      return rows_of(20000, function(k)
        return run.id + noise[k]
      end)
    end, "nudge.db")
    tap.ok(#text < 1e6, "the page has " .. #text .. " bytes")
    tap.matches(text, "9 curves are thinned: of each of %d+ intervals")
  end)
end

-- A run of several stages, each with what it was made of.
local function stages_run(id, names, options)
  local run = run_of(id, "plain", 3)
  run.series, run.tables = {}, {}
  for i, name in ipairs(names) do
    run.series[i] = { name = name .. "/train", steps = 3, last_step = 3,
      metrics = { { name = "loss" } } }
    run.tables[name .. "/options"] = { options(i) }
  end
  return run
end

local function no_rows()
  return {}
end

local function curves_in(set)
  local out = {}
  for i, entry in ipairs(set.entries) do
    out[i] = entry.curve
  end
  return table.concat(out, "|")
end

tap.test("stages that differ in their seeds alone are one curve, repeated", function()
  local names = { "net, a, seed 1", "net, a, seed 2", "net, b, seed 1", "net, b, seed 2" }
  local group = groups.of({ stages_run(1, names, function(i)
    return { rule = i < 3 and "a" or "b", seed = i % 2, ["domain.seed"] = i }
  end) }, no_rows)[1]
  tap.is(#group.sets, 1)
  tap.is(curves_in(group.sets[1]), "net, a|net, a|net, b|net, b")
  tap.is(group.entries[2].title, "net, a, seed 2")
  group = groups.of({ stages_run(1, { "s", "s (2)" }, function(i)
    return { rule = "a", lr = i, seed = 1 }
  end) }, no_rows)[1]
  tap.is(curves_in(group.sets[1]), "s|s (2)")
end)

tap.test("what seeds came to is shown as their mean and deviation", function()
  local run = stages_run(1, { "a, seed 1", "a, seed 2", "b, seed 1" }, function(i)
    return { rule = i < 3 and "a" or "b", seed = i }
  end)
  local last = { ["a, seed 1/train"] = 1, ["a, seed 2/train"] = 2, ["b, seed 1/train"] = 5 }
  local text = page.make({ run }, function(_, series)
    return { { step = 3, loss = last[series] } }
  end, "nudge.db")
  tap.matches(text, "1.5 ± 0.71")
  tap.matches(text, '<td class="number">2</td>')
  tap.matches(text, '<td class="number">5</td>')
end)

tap.test("more curves than colours come in sets, by what their names begin with", function()
  local names = {}
  for _, net in ipairs { "deep", "flat" } do
    for k = 1, 6 do
      names[#names + 1] = net .. ", rule " .. k
    end
  end
  local function options(i)
    return { rule = i }
  end
  local group = groups.of({ stages_run(1, names, options) }, no_rows)[1]
  tap.is(#group.sets, 2)
  tap.is(group.sets[2].heading, "flat")
  tap.is(curves_in(group.sets[2]), "rule 1|rule 2|rule 3|rule 4|rule 5|rule 6")
  group = groups.of({ stages_run(1, names, options), stages_run(2, names, options) }, no_rows)[1]
  tap.is(#group.sets, 12)
  tap.is(group.sets[1].heading, "deep, rule 1")
  tap.is(curves_in(group.sets[1]), "run 1|run 2")
end)

tap.test("runs of one series are told apart by their numbers", function()
  local runs = { run_of(4, "plain", 3), run_of(7, "plain", 3) }
  local group = groups.of(runs, no_rows)[1]
  tap.is(group.kind, "train")
  tap.is(curves_in(group.sets[1]), "run 4|run 7")
end)

tap.test("a watched run fits the window, whatever it is called", function()
  local run = run_of(1, BAD, 30)
  local rows = rows_of(30, function(k)
    return 1 / k
  end)
  local function look()
    return rows
  end
  for columns = 1, 130 do
    for _, line in ipairs(watch.lines(run, look, 1.7e9 + 10, columns)) do
      tap.ok((utf8.len(line) or #line) <= columns, "width " .. columns .. ": " .. line)
      tap.is(line:find "%c", nil)
    end
  end
  local text = table.concat(watch.lines(run_of(1, "plain", 30), look, 1.7e9, 100), "\n")
  tap.matches(text, "plain/train: step 30")
  tap.matches(text, "loss +0.03333 +0.03333 +1  █")
  tap.matches(text, "rate 0.5")
end)

tap.test("rates are told from how far the run came between two looks", function()
  local run = run_of(1, "plain", 30)
  local function look()
    return {}
  end
  run.status = "running"
  local before = { time = 100, steps = { ["plain/train"] = 20 } }
  tap.matches(table.concat(watch.lines(run, look, 105, 100, before), "\n"), "step 30, 2/s")
  tap.matches(table.concat(watch.lines(run, look, 150, 100, before), "\n"), "step 30, 5%.0 s each")
  tap.is(table.concat(watch.lines(run, look, 105, 100, watch.look(run, 100)), "\n"):find ", %d/s",
    nil)
end)

tap.test("a meta-training that goes on says how long it will", function()
  local run, rows = run_of(1, "plain", 30), {}
  run.status, run.tables = "running", { ["plain/options"] = { { steps = 50 } } }
  local function text()
    return table.concat(watch.lines(run, function() return rows end, 1.7e9, 100), "\n")
  end
  tap.matches(text(), "step 30 of 50\n", "no time is known")
  for k = 1, 30 do -- slow at first
    rows[k] = { step = k, seconds = 1000 + 4 * k }
  end
  tap.matches(text(), "step 30 of 50, 4%.0 s each, 1 min 20 s left\n")
  rows = { rows[1] }
  tap.matches(text(), "step 30 of 50, 16 min 44 s each, 5 h 34 min left\n")
  rows = { { step = 29, seconds = 1.5 }, { step = 30, seconds = 2 } }
  tap.matches(text(), "step 30 of 50, 2/s, 10 s left\n")
  run.tables = nil
  tap.matches(text(), "step 30, 2/s\n")
  run.tables, run.status = { ["plain/options"] = { { steps = 30 } } }, "done"
  tap.matches(text(), "step 30 of 30\n")
end)

tap.test("a run that has kept nothing is shown as such", function()
  local run = run_of(3, "plain", 0)
  run.series = {}
  tap.matches(table.concat(watch.lines(run, nil, 1.7e9, 80), "\n"), "nothing is kept yet")
  local text = page.make({ run }, nil, "nudge.db")
  tap.matches(text, "run 3")
end)

tap.done()
