-- SPDX-License-Identifier: MIT
-- An SVG file as part of a page: only shapes and text are let through, ids belong to the figure,
-- the colours of nudge's figures follow the page's (light or dark), and nothing refers to the
-- outside.
local html = require "nudge.page.html"
local path = require "nudge.page.path"
local styles = require "nudge.styles"

local svg = {}

-- What is let through, with the attributes that all may have and those of their own.
local elements = {}
for name in ([[svg g path rect circle ellipse line polyline polygon text tspan use defs title desc
  clipPath]]):gmatch "%S+" do
  elements[name] = true
end
local attributes = {}
for name in ([[id d x y x1 y1 x2 y2 cx cy r rx ry width height viewBox points transform fill stroke
  color fill-opacity stroke-opacity opacity stroke-width stroke-linecap stroke-linejoin
  stroke-dasharray font-size font-weight font-style text-anchor clip-path dx dy baseline-shift]])
  :gmatch "%S+" do
  attributes[name] = true
end
-- Left out with all they contain: they show nothing, or say what the page says better.
local dropped = { filter = true, title = true, desc = true, style = true, metadata = true }
-- Said of every curve by gnuplot, and so anyway.
local defaults = { ["stroke-linecap"] = "butt", ["stroke-linejoin"] = "miter" }
local painted = { fill = true, stroke = true, color = true }

-- The page's colour for one of a figure's.
local variables = {
  ["#000000"] = "--ink", ["#222222"] = "--ink", ["#333333"] = "--ink", ["#555555"] = "--axis",
  ["#e4e4e4"] = "--grid", ["#777777"] = "--grey", ["#ffffff"] = "--paper",
}
for i, style in ipairs(styles.list) do
  variables[style[1]:lower()] = "--c" .. i
end
for i, color in ipairs(styles.ramp) do
  variables[color:lower()] = "--r" .. i
end
local names = { black = "#000000", white = "#ffffff" }

local function hexadecimal(color)
  local r, g, b = color:match "^rgb%(%s*(%d+)%s*,%s*(%d+)%s*,%s*(%d+)%s*%)$"
  if r then
    return string.format("#%02x%02x%02x", math.min(tonumber(r), 255),
      math.min(tonumber(g), 255), math.min(tonumber(b), 255))
  end
  return names[color] or color:lower()
end

-- The variable of a colour in CSS, or the colour itself where it is a plain one; else nil.
local function paint_of(color)
  local plain = hexadecimal(color)
  if variables[plain] then
    return "var(" .. variables[plain] .. ")"
  end
  return plain:match "^#%x%x%x%x%x%x$" or plain:match "^#%x%x%x$" or plain:match "^%a+$"
end

local entities = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }

local function decoded(text)
  return (text:gsub("&(#?%w+);", function(name)
    local code = tonumber(name:match "^#(%d+)$" or name:match "^#x(%x+)$" and "0" .. name:sub(2))
    return entities[name] or (code and code < 0x110000 and utf8.char(code)) or ""
  end))
end

-- Name, attributes and whether it is closed at once.
local function parsed(tag)
  local name, rest = tag:match "^([%w:_-]+)(.*)$"
  local out = {}
  for key, _, value in (rest or ""):gmatch "([%w:_-]+)%s*=%s*([\"'])(.-)%2" do
    out[#out + 1] = { key:gsub("^xlink:", ""), decoded(value) }
  end
  return name, out, tag:find "/%s*$" ~= nil
end

-- Coordinates to a tenth of a pixel, on one line.
local function shortened(given)
  return path.short(given) or (given:gsub("(%d%.%d)%d+", "%1"):gsub("%.0%f[%D]", "")
    :gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- A polygon is a closed path, which takes less room.
local function polygon_as_path(name, given)
  for i, attribute in ipairs(name == "polygon" and given or {}) do
    local d = attribute[1] == "points" and path.closed(attribute[2])
    if d then
      given[i] = { "d", d }
      return "path"
    end
  end
  return name
end

local function own_attributes(given, prefix)
  local out, style = {}, {}
  for _, pair in ipairs(given) do
    local key, value = pair[1], pair[2]
    local target = value:match "^#([%w_.-]+)$"
    local clip = value:match "^url%(%s*['\"]?#([%w_.-]+)['\"]?%s*%)$"
    if painted[key] then
      local paint = paint_of(value)
      style[#style + 1] = paint and paint ~= "none" and key .. ":" .. paint or nil
      out[key] = paint == "none" and "none" or nil
    elseif key == "href" then
      out.href = target and "#" .. prefix .. target
    elseif key == "id" then
      out.id = prefix .. value:gsub("[^%w_.-]", "-")
    elseif key == "clip-path" then
      out[key] = clip and "url(#" .. prefix .. clip .. ")"
    elseif attributes[key] and value ~= defaults[key] and not value:find("url", 1, true) then
      out[key] = (key == "d" and shortened(value)) or value
    end
  end
  out.style = #style > 0 and table.concat(style, ";") or nil
  return out
end

local function as_tag(name, given, closed)
  local tag = html.tag(name, given).markup:gsub("</[%w]+>$", "")
  return closed and tag:gsub(">$", "/>") or tag
end

-- A rectangle over all of it is the paper, which the page has.
local function is_paper(given, size)
  local all = {}
  for _, pair in ipairs(given) do
    all[pair[1]] = pair[2]
  end
  return size and all.width == size[1] and all.height == size[2] and all.fill
    and hexadecimal(all.fill) == "#ffffff"
end

-- The root: as wide as there is room, at most as wide as it was made. `label` is what it shows.
local function root(given, label)
  local all = {}
  for _, pair in ipairs(given) do
    all[pair[1]] = pair[2]:match "^%s*(.-)%s*$"
  end
  local width = tonumber((all.width or ""):match "^[%d.]+")
  local height = tonumber((all.height or ""):match "^[%d.]+")
  local box = all.viewBox and all.viewBox:match "^[%d%s.+-]+$"
    or width and height and string.format("0 0 %g %g", width, height)
  if not box then
    return nil
  end
  return as_tag("svg", { viewBox = box, role = "img", ["aria-label"] = label,
    style = width and string.format("max-width:%gpx", width) or nil }),
    { all.width, all.height }
end

local DEPTH = 4 -- of groups in groups that become empty

local function without_empty_groups(markup)
  markup = markup:gsub("<text></text>", "")
  for _ = 1, DEPTH do
    markup = markup:gsub("<g[^>]*>%s*</g>", "")
  end
  return markup
end

-- The points that gnuplot defines, as far as they are used.
local function without_unused(markup)
  local used = {}
  repeat
    local found = false
    for id in markup:gmatch 'href="#([^"]+)"' do
      found = found or not used[id]
      used[id] = true
    end
  until not found
  return (markup:gsub('<(%a+)([^>]*) id="([^"]+)"([^>]*)/>', function(name, a, id, b)
    return used[id] and string.format('<%s%s id="%s"%s/>', name, a, id, b) or ""
  end))
end

local BROKEN = "is no well-formed SVG"

-- What has been read so far: markup, names and tags of open elements, how many are dropped ones.
local Reader = {}
Reader.__index = Reader

function Reader:shows()
  return self.dropped == 0
end

function Reader:text(between)
  if self:shows() and #self.open > 0 and self.open[#self.open] ~= "svg" and between:find "%S" then
    self.out[#self.out + 1] = html.escape(decoded(between))
  end
end

-- The end of an element; false where another one is open.
function Reader:finish(name)
  if #self.open == 0 or self.open[#self.open] ~= name then
    return false
  end
  local tag = self.tags[#self.open]
  self.open[#self.open] = nil
  if dropped[name] then
    self.dropped = self.dropped - 1
  elseif self:shows() then
    self.out[#self.out + 1] = "</" .. name .. ">"
    self.ended = { tag = tag, at = #self.out }
  end
  return true
end

-- Does a group begin where one of the same looks has just ended? Both are one then.
function Reader:goes_on(name, tag)
  local ended = self.ended
  return name == "g" and ended and ended.at == #self.out and ended.tag == tag
    and not tag:find("opacity", 1, true)
end

-- The markup of a tag; nil and a reason.
function Reader:tag(name, given, closed)
  if not name or not elements[name] or (name == "svg") ~= (#self.out == 0) then
    return nil, "has an element <" .. tostring(name) .. ">, which no figure of nudge has"
  elseif name == "svg" then
    local tag
    tag, self.size = root(given, self.label)
    return tag, not tag and "has no size" or nil
  elseif name == "rect" and closed and is_paper(given, self.size) then
    return ""
  end
  name = polygon_as_path(name, given)
  return as_tag(name, own_attributes(given, self.prefix), closed)
end

-- The beginning of an element, or all of it; nil and a reason.
function Reader:begin(name, given, closed)
  local tag
  if self:shows() and not dropped[name] then
    local why
    tag, why = self:tag(name, given, closed)
    if not tag then
      return nil, why
    elseif not closed and self:goes_on(name, tag) then
      self.out[#self.out] = nil
    else
      self.out[#self.out + 1] = tag
    end
  end
  if not closed then
    self.open[#self.open + 1] = name
    self.tags[#self.open] = tag or ""
    self.dropped = self.dropped + (dropped[name] and 1 or 0)
  end
  return true
end

function Reader:read(text)
  local at = 1
  while true do
    local from, to, slash, tag = text:find("<(/?)([^<>]+)>", at)
    self:text(text:sub(at, (from or 0) - 1))
    if not from then
      return #self.open == 0 and #self.out > 0, BROKEN
    end
    local name, given, closed = parsed(tag)
    if slash == "/" then
      if not self:finish(name) then
        return nil, BROKEN
      end
    else
      local good, why = self:begin(name, given, closed)
      if not good then
        return nil, why
      end
    end
    at = to + 1
  end
end

-- Markup of a figure from the text of an SVG file: ids begin with `prefix`, `label` says what it
-- shows. nil and a reason where there is something in it that a figure has no need of.
function svg.inline(text, prefix, label)
  local reader = setmetatable({ out = {}, open = {}, tags = {}, dropped = 0, prefix = prefix,
    label = label }, Reader)
  text = text:gsub("<!%-%-.-%-%->", ""):gsub("<%?.-%?>", ""):gsub("<!DOCTYPE[^>]*>", "")
  local good, why = reader:read(text)
  if not good then
    return nil, why
  end
  return html.raw(without_empty_groups(without_unused(table.concat(reader.out))))
end

return svg
