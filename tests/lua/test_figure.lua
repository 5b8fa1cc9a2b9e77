-- SPDX-License-Identifier: MIT
-- nudge.figure, drawn by the real gnuplot and read back from its SVG.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

if not os.execute "command -v gnuplot >/dev/null" then
  print "1..0 # SKIP gnuplot is not installed"
  return
end

-- The curve of a label: what gnuplot wrote for it, and its pieces as lists of { x, y } in pixels.
-- The first piece of a line is its sample in the legend.
local function curve(svg, label)
  local group = svg:match("<title>" .. label .. "</title>(.-)</g>\n\t</g>\n")
  local pieces = {}
  for path in (group or ""):gmatch " d='([^']*)'" do
    for piece in path:gmatch "M[^M]*" do
      local points = {}
      for x, y in piece:gmatch "([%d.]+),([%d.]+)" do
        points[#points + 1] = { tonumber(x), tonumber(y) }
      end
      pieces[#pieces + 1] = points
    end
  end
  return group, pieces
end

-- Where a text stands.
local function text_at(svg, text)
  local x, y = svg:match('translate%(([%d.]+),([%d.]+)%)[^>]*>%s*<text><tspan[^>]*>' .. text .. "<")
  return tonumber(x), tonumber(y)
end

local function drawn(fields)
  local file <close> = tap.file ".svg"
  nudge.figure(fields):save(file.path)
  local svg = tap.read(file.path)
  tap.matches(svg, "</svg>%s*$")
  return svg
end

local function panel(fields, series)
  fields.series = series
  return drawn { panels = { fields } }
end

local function range(n)
  local out = {}
  for i = 1, n do
    out[i] = i
  end
  return out
end

tap.test("a line is where its numbers are", function()
  local n = 20
  local svg = panel({ xlabel = "steps", ylabel = "error" }, {
    { x = range(n), y = range(n), label = "straight" },
  })
  local group, pieces = curve(svg, "straight")
  tap.is(#pieces, 2, "sample and curve")
  local points = pieces[2]
  tap.is(#points, n)
  for i = 2, n - 1 do -- equal distances, up to the rounding of pixels
    for axis = 1, 2 do
      tap.near(points[i + 1][axis] - points[i][axis], points[2][axis] - points[1][axis], 0.02)
    end
  end
  tap.ok(points[2][1] > points[1][1] and points[2][2] < points[1][2], "right and up")
  tap.matches(group, "rgb%(  0, 114, 178%)")
  tap.ok(not group:find "<use", "no marks on a curve of many points")
  tap.ok(text_at(svg, "steps") and text_at(svg, "error"))
end)

tap.test("logarithmic axes, and a place for step 0", function()
  local svg = panel({ logx = true, logy = true }, {
    { x = { 0, 1, 10, 100 }, y = { 1000, 100, 10, 1 }, label = "adaptation" },
  })
  local group, pieces = curve(svg, "adaptation")
  local points = pieces[2]
  tap.is(#points, 4)
  tap.near(points[3][1] - points[2][1], points[4][1] - points[3][1], 0.02, "decades")
  tap.ok(points[1][1] < points[2][1], "0 lies left of 1")
  tap.near(points[2][2] - points[1][2], points[4][2] - points[3][2], 0.02, "decades")
  tap.near((text_at(svg, "0")), points[1][1], 0.02, "its tic")
  local cut = text_at(svg, "//")
  tap.ok(cut > points[1][1] and cut < points[2][1], "the axis is cut between")
  tap.is(select(2, group:gsub("<use", "")), 5, "a mark on each of few points, and in the legend")
  local without = panel({ logx = true }, { { x = { 1, 10 }, y = { 1, 2 } } })
  tap.is(text_at(without, "//"), nil)
  local only = panel({ logx = true }, { { x = { 0 }, y = { 1 }, label = "start" } })
  tap.ok(text_at(only, "0"), "0 alone")
end)

tap.test("what cannot be drawn is a gap, and the figure says so", function()
  local y = range(20)
  y[7], y[8], y[15] = 0 / 0, math.huge, -3
  local svg = panel({ logy = true }, { { x = range(20), y = y, label = "gaps" } })
  local _, pieces = curve(svg, "gaps")
  tap.is(#pieces, 4, "sample and three pieces")
  tap.is(#pieces[2] .. " " .. #pieces[3] .. " " .. #pieces[4], "6 6 5")
  tap.matches(svg, "values not drawn: 2 not finite, 1 not positive")
  local lost = panel({}, {
    { x = range(20), y = range(20), label = "kept" },
    { x = { 1, 2 }, y = { 0 / 0, 0 / 0 }, label = "lost" },
  })
  tap.ok(text_at(lost, "lost %(nothing to draw%)"), "in the legend")
  local nothing = panel({ title = "empty" }, { { x = { 1 }, y = { 0 / 0 } } })
  tap.matches(nothing, "1 not finite")
end)

tap.test("bands lie behind curves, in the colour of theirs", function()
  local svg = panel({}, {
    { x = range(20), y = range(20), low = range(20), high = range(20), label = "mean" },
    { x = { 1, 2, 3 }, low = { 1, 1, 1 }, high = { 2, 2, 2 }, label = "spread" },
  })
  local first_band, first_curve = svg:find "<polygon", svg:find "<title>mean"
  tap.ok(first_band < first_curve)
  tap.matches(svg, "<polygon fill = 'rgb%(  0, 114, 178%)' fill%-opacity = '0.2")
  tap.matches(svg, "<polygon fill = 'rgb%(213,  94,   0%)'")
  local x1 = text_at(svg, "mean")
  local x2 = text_at(svg, "spread")
  tap.ok(x1 < x2, "the legend keeps the order")
end)

tap.test("legends stand below the plots and inside the figure", function()
  local series = {}
  for i = 1, 7 do
    series[i] = { x = range(20), y = range(20), label = string.rep("long label ", 2) .. i }
  end
  for _, legend in ipairs { "each", "common" } do
    local svg = drawn { title = "Legends", columns = 2, legend = legend, panels = {
      { xlabel = "below", series = series }, { xlabel = "below", series = series },
    } }
    local _, label_y = text_at(svg, "below")
    local height = tonumber(svg:match 'viewBox="0 0 %d+ (%d+)"')
    for i = 1, 7 do
      local _, y = text_at(svg, string.rep("long label ", 2) .. i)
      tap.ok(y > label_y and y < height, legend .. " " .. i)
    end
    local count = select(2, svg:gsub(">long label long label 7</tspan>", ""))
    tap.is(count, legend == "each" and 2 or 1)
  end
  local none = drawn { legend = "none", panels = { { series = { series[1] } } } }
  tap.is(text_at(none, "long label long label 1"), nil)
end)

tap.test("one label looks the same in all panels", function()
  local function line(label)
    return { x = range(20), y = range(20), label = label }
  end
  local svg = drawn { panels = {
    { series = { line "a", line "b" } }, { series = { line "b", line "c" } },
  } }
  local colors = {}
  for label, group in svg:gmatch "<title>(%a)</title>(.-)</g>\n\t</g>\n" do
    local color = group:match "<path stroke='(rgb[^']*)'"
    tap.is(colors[label] or color, color)
    colors[label] = color
  end
  tap.ok(colors.a ~= colors.b and colors.b ~= colors.c and colors.a ~= colors.c)
  local given = panel({}, {
    { x = range(20), y = range(20), label = "n", color = "black" },
    { x = range(20), y = range(20), label = "h", color = "#010203" },
    { x = range(20), y = range(20), label = "i", color = 3 },
  })
  tap.matches(curve(given, "n"), "rgb%(  0,   0,   0%)")
  tap.matches(curve(given, "h"), "rgb%(  1,   2,   3%)")
  tap.matches(curve(given, "i"), "rgb%(  0, 158, 115%)")
end)

tap.test("shared axes: one range, numbers only at the margin", function()
  local function fit(k)
    return { title = "task " .. k, xlabel = "in", ylabel = "out", series = {
      { x = range(20), y = nudge.linspace(0, k * 10, 20), label = "line " .. k } } }
  end
  local svg = drawn { same_axes = true, columns = 2, panels = { fit(1), fit(2), fit(3), fit(4) } }
  local rise = {}
  for k = 1, 4 do
    local _, pieces = curve(svg, "line " .. k)
    rise[k] = pieces[2][1][2] - pieces[2][20][2]
  end
  tap.near(rise[4] / rise[1], 4, 0.01)
  tap.near(rise[4] / rise[2], 2, 0.01)
  tap.is(select(2, svg:gsub(">in<", "")), 2)
  tap.is(select(2, svg:gsub(">out<", "")), 2)
  tap.is(select(2, svg:gsub(">20<", "")), 4, "tics at 20: two below, two at the left")
end)

tap.test("points alone, lines across, ranges", function()
  local svg = panel({ xrange = { 0, 10 }, yrange = { -1, 1 } }, {
    { x = nudge.array { { 1 }, { 5 }, { 9 } }, y = nudge.zeros(3, 1), points = true,
      label = "data" },
    { x = { 0, 10 }, y = { 0, 0 }, dashed = true, label = "dashed" },
  })
  local group, pieces = curve(svg, "data")
  tap.is(#pieces, 0, "no line")
  tap.is(select(2, group:gsub("<use", "")), 4)
  tap.matches(curve(svg, "dashed"), "dasharray")
  local crossed = panel({ verticals = { { x = 3, label = "here" } },
    horizontals = { { y = 30, label = "there" } } }, { { x = { 1, 5 }, y = { 1, 5 } } })
  tap.ok(text_at(crossed, "here"))
  tap.ok(text_at(crossed, "there"), "the axis reaches it")
  tap.is(text_at(panel({ verticals = { { x = 9, label = "far" } } },
    { { x = { 1, 5 }, y = { 1, 5 } } }), "far"), nil, "what is out of view is not in the legend")
end)

tap.test("texts are taken as they are", function()
  local svg = drawn { title = 'a_b^{2} "q" \\n 100% $x `date`', panels = {
    { title = "50 % of `date`", series = {
      { x = { 1, 2, 0 / 0 }, y = { 1, 2, 3 }, label = "phi_0 & 'x'" },
    } },
  } }
  tap.matches(svg, 'a_b%^{2} "q" \\n 100%% %$x `date`')
  tap.matches(svg, "50 %% of `date`")
  tap.matches(svg, "phi_0 &amp; 'x'")
end)

tap.test("constant, tiny, huge and single values", function()
  for _, y in ipairs { { 3, 3, 3 }, { 0, 0, 0 }, { 1e-300, 2e-300, 1e-300 }, { 1e300, -1e300, 0 },
    { -7 }, { 1, 1 + 2 ^ -52, 1 } } do
    for _, log in ipairs { false, true } do
      panel({ logy = log }, { { x = range(#y), y = y, label = "odd" } })
      panel({ logx = log }, { { x = y, y = range(#y), label = "odd" } })
    end
  end
end)

tap.test("PNG, whole or not at all", function()
  local png <close> = tap.file ".png"
  local f = nudge.figure { panels = { { series = { { x = { 1, 2 }, y = { 1, 2 } } } } } }
  tap.is(f:save(png.path), f)
  tap.matches(tap.read(png.path), "^\137PNG")
  for _, path in ipairs { "figure.pdf", "figure" } do
    tap.raises(function() f:save(path) end, "test_figure.lua:%d+: ", "%.svg or %.png")
  end
  tap.raises(function() f:save "/nowhere/figure.svg" end, "/nowhere/figure.svg", "cannot write")
  tap.raises(function() f:save() end, "takes a path")
end)

tap.test("a matrix is a picture, row 1 at the top", function()
  local svg = drawn { panels = {
    { title = "map", image = nudge.array { { 0, 1, 2 }, { 3, 4, 5 } } },
    { series = { { x = { 1, 2 }, y = { 1, 2 }, label = "beside it" } } },
  } }
  local cells, distinct = {}, {}
  for fill, points in svg:gmatch "<polygon fill = '(rgb%b())' points = '([^']*)'" do
    local x, y = points:match "([%d.]+),([%d.]+)"
    if #cells < 6 then -- what follows is the scale
      cells[#cells + 1] = { fill = fill, x = tonumber(x), y = tonumber(y) }
      distinct[fill] = true
    end
  end
  tap.is(#cells, 6)
  local n = 0
  for _ in pairs(distinct) do
    n = n + 1
  end
  tap.is(n, 6)
  table.sort(cells, function(a, b)
    return math.abs(a.y - b.y) > 1 and a.y < b.y or math.abs(a.y - b.y) <= 1 and a.x < b.x
  end)
  -- From light to dark, as the numbers grow.
  for i = 2, 6 do
    local function light(cell)
      local r, g = cell.fill:match "rgb%(%s*(%d+),%s*(%d+)"
      return tonumber(r) + tonumber(g)
    end
    tap.ok(light(cells[i]) < light(cells[i - 1]), "cell " .. i)
  end
  tap.ok(not svg:find "<image", "no raster image")
  local _, curves = curve(svg, "beside it")
  tap.ok(#curves > 0, "the panel beside it is drawn")
  for _, image in ipairs { nudge.zeros(2, 2), nudge.array { { 0 / 0, 1 }, { 2, 3 } },
    nudge.array { { 0 / 0 } } } do
    drawn { panels = { { image = image } } }
  end
end)

tap.test("the scale of a picture is told within the figure, by numbers that differ", function()
  for _, spread in ipairs { { 0, 3e-5 }, { 0, -1e-12 }, { 1000, 1000.01 }, { 0, 1234567 }, { 0, 7 },
    { -3, -2.99999 }, { 5, 5 }, { 0, 0 } } do
    local svg = drawn { width = 230, height = 230, panels = {
      { image = nudge.array { { spread[1], spread[2] } } } } }
    local seen, n = {}, 0
    for x, label in svg:gmatch('translate%(([%d.]+),[%d.]+%)"[^>]*text%-anchor="start">%s*'
      .. '<text><tspan[^>]*>([^<]+)<') do
      tap.ok(tonumber(x) + 9 * utf8.len(label) <= tonumber(svg:match 'viewBox="0 0 (%d+)'), label)
      tap.ok(not seen[label], label .. " once")
      seen[label], n = true, n + 1
    end
    tap.ok(n >= 2 and n <= 8, n .. " numbers")
  end
end)

tap.test("mistakes", function()
  local function wrong(fields, ...)
    tap.raises(function()
      nudge.figure(fields)
    end, "^[^ ]*test_figure.lua:%d+: nudge.figure", ...)
  end
  local function wrong_series(series, ...)
    wrong({ panels = { { series = { series } } } }, "panel 1, series 1", ...)
  end
  wrong({}, "field panels is missing")
  wrong({ panels = {} }, "no panels")
  wrong({ panels = { {} } }, "panel 1", "series is missing")
  wrong({ panels = { { series = {} } } }, "panel 1: there are no series")
  wrong({ panels = { { image = nudge.zeros(3) } } }, "panel 1: image must be a matrix, got 3")
  wrong({ panels = { { image = { { 1 } } } } }, "panel 1 with an image: field image must be")
  wrong({ panels = { { image = nudge.zeros(1, 1), logx = true } } }, "image: no field 'logx'")
  wrong({ panels = { { series = {}, logz = true } } }, "panel 1: no field 'logz'")
  wrong({ panels = { { series = { { x = { 1 }, y = { 1 } } } } }, legend = "left" }, "each, common")
  wrong({ panels = { { series = { { x = { 1 }, y = { 1 } } } } }, columns = 0 }, "columns = 0")
  wrong_series({ x = {}, y = {}, label = "none" }, "%('none'%)", "no points; leave the series out")
  wrong_series({ x = { 1, 2 }, y = { 1 } }, "2 values of x and 1 of y")
  wrong_series({ x = { 1, 2 } }, "give y, or low and high")
  wrong_series({ x = { 1 }, y = { 1 }, low = { 1 } }, "low and high")
  wrong_series({ x = { 1, "2" }, y = { 1, 2 } }, "x%[2%] is no number but a string")
  wrong_series({ x = nudge.zeros(2, 2), y = { 1, 2 } }, "x must be a list, got an array of 2x2")
  wrong_series({ x = { 1 }, y = { 1 }, color = "mauve" }, "color = mauve", "amber, black, blue")
  wrong_series({ x = { 1 }, y = { 1 }, color = 99 }, "color = 99")
  wrong_series({ x = { 1 }, y = { 1 }, points = "many" }, "points = 'many'")
  local sound = { { x = { 1 }, y = { 1 } } }
  wrong({ panels = { { series = sound, yrange = { 2, 1 } } } }, "yrange = { 2, 1 } is no range$")
  wrong({ panels = { { series = sound, xrange = { 0, 1 }, logx = true } } }, "logarithmic")
  wrong({ panels = { { series = sound, verticals = { { y = 1 } } } } }, "verticals, line 1")
  wrong({ panels = { { series = sound, horizontals = { { x = 1 } } } } }, "horizontals, line 1")
end)

tap.test("a histogram over powers of ten counts every number once", function()
  local x, y = nudge.decades { values = { 0, -1, 1e-9, 2e-3, 0.5, 1e3, 0.05, 0.06 }, from = 1e-3,
    to = 1, per_decade = 1 }
  tap.is(#x, 4)
  tap.is(x[1], 0)
  tap.near(x[3], 10 ^ -1.5, 1e-15)
  tap.is(table.concat(y, " "), "0.25 0.25 0.25 0.25")
  local values, sum = nudge.random(1):normal(1000), 0
  x, y = nudge.decades { values = values, from = 1e-5, to = 1 }
  tap.is(#x, 21)
  for _, share in ipairs(y) do
    sum = sum + share
  end
  tap.near(sum, 1, 1e-12)
  local function wrong(fields, ...)
    local given = { values = { 1 }, from = 0.1, to = 1 }
    for name, value in pairs(fields) do
      given[name] = value
    end
    local pattern = { ... }
    tap.raises(function() nudge.decades(given) end, table.unpack(pattern))
  end
  wrong({ values = {} }, "no values")
  wrong({ values = { 1, 0 / 0 } }, "value 2 is no number")
  wrong({ values = { "1" } }, "entry 1 of values")
  wrong({ from = 0 }, "from = 0 is outside")
  wrong({ to = 0.01 }, "to = 0.01 is outside")
  wrong({ to = 0.1 }, "0 bins")
  wrong({ per_decade = 0 }, "per_decade = 0")
end)

-- 6 numbers of a first layer of 2 inputs, 2 of a second.
local function training()
  return { theta = nudge.array { 1, 2, 3, 10, 20, 30, 0.1, 0 }, made_of = { groups = {
    { name = "lambda.w1", first = 1, last = 6 }, { name = "lambda.w2", first = 7, last = 8 } } } }
end

tap.test("what was learned as panels", function()
  local map = nudge.learned.map { of = training(), group = "lambda.w1", inputs = 2, rows = 1 }
  tap.is(table.concat(map.image:shape(), "x"), "1x2")
  tap.is(map.image:get(1, 1), 2.0)
  tap.is(map.image:get(1, 2), 20.0)
  local spread = nudge.learned.histogram { of = training(), pattern = "^lambda%.w",
    label = "layer ", from = 0.01, to = 100, per_decade = 1, start = 0.5, title = "t" }
  tap.is(spread.series[1].label .. spread.series[2].label, "layer 1layer 2")
  tap.is(spread.series[2].y[1], 0.5)
  tap.is(spread.verticals[1].x, 0.5)
  tap.is(nudge.learned.histogram({ of = training(), from = 0.1, to = 1 }).series[2].label,
    "lambda.w2")
  nudge.figure { panels = { map, spread } }
  local function wrong(f, fields, pattern)
    fields.of = fields.of or training()
    tap.raises(function() nudge.learned[f](fields) end, pattern)
  end
  wrong("map", { group = "lambda.w3", inputs = 2, rows = 1 }, "did you mean 'lambda.w1'")
  wrong("map", { group = "lambda.w1", inputs = 2 }, "2 inputs are no picture as a square")
  wrong("map", { group = "lambda.w1", inputs = 3, rows = 2 }, "no picture of 2 rows")
  wrong("map", { group = "lambda.w1", inputs = 4 }, "has 6 numbers")
  wrong("map", { of = {}, group = "lambda.w1", inputs = 4 }, "what nudge.meta_train gave")
  wrong("histogram", { from = 0.1, to = 1, pattern = "omega" }, "no group matches 'omega'")
end)

tap.done()
