-- SPDX-License-Identifier: MIT
-- One self-contained HTML page about runs: nothing on it comes from anywhere else.
local core = require "nudge.core"
local check = require "nudge.check"
local artefacts = require "nudge.page.artefacts"
local curves = require "nudge.page.curves"
local format = require "nudge.cli.format"
local groups = require "nudge.page.groups"
local html = require "nudge.page.html"
local results = require "nudge.page.results"
local script = require "nudge.page.script"
local style = require "nudge.page.style"
local tables = require "nudge.page.tables"
local values = require "nudge.page.values"

local Page = {}
Page.__index = Page

local OPEN = 4 -- columns of a table that is not folded

local page = {}
local tag = html.tag

local base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Base 64 of bytes written as hexadecimal digits.
local function base64(digits)
  local out = {}
  for i = 1, #digits, 6 do
    local three = digits:sub(i, i + 5)
    local bits = tonumber(three .. ("0"):rep(6 - #three), 16)
    for k = 0, 3 do
      local six = bits >> (18 - 6 * k) & 63
      out[#out + 1] = k > #three // 2 and "=" or base64_digits:sub(six + 1, six + 1)
    end
  end
  return table.concat(out)
end

function Page:next_prefix()
  self.n_figures = self.n_figures + 1
  return "f" .. self.n_figures .. "-"
end

-- Colour and dashes of a label, the same on all of the page.
function Page:style_of(label)
  local known = self.styles[label]
  if not known then
    self.n_styles = self.n_styles + 1
    known = curves.style(self.n_styles)
    self.styles[label] = known
  end
  return known
end

-- A short piece of a label's line.
function Page:swatch(label)
  local s = self:style_of(label)
  local dashes = s.dashed and "7 3" or s.dotted and "2 3" or "none"
  return html.raw(string.format('<svg class="swatch" viewBox="0 0 24 8" aria-hidden="true">'
    .. '<path d="M0 4H24" fill="none" stroke-width="3" stroke-dasharray="%s" '
    .. 'style="stroke:var(--c%d)"/></svg>', dashes, s.color))
end

function Page:figure(drawn, label)
  return tag("figure", nil, tag("figcaption", nil, label),
    curves.inline(drawn, self:next_prefix(), label))
end

local function file_name(path)
  return path and path:match "[^/]+$" or "a run"
end

local function title_of(runs)
  local names, seen, ids = {}, {}, {}
  for i, run in ipairs(runs) do
    local name = file_name(run.script)
    ids[i] = tostring(run.id)
    if not seen[name] then
      seen[name], names[#names + 1] = true, name
    end
  end
  return table.concat(names, ", "), (#runs == 1 and "run " or "runs ") .. table.concat(ids, ", ")
end

local function overview(runs)
  local rows, columns = {}, { "run", "name", "status", "started", { "took", number = true },
    "script" }
  local messages = {}
  for i, run in ipairs(runs) do
    local took = (run.finished or run.updated) - run.started
    rows[i] = { { groups.run_label(run), sort = run.id }, run.name,
      { tag("span", { class = "status " .. run.status:gsub("%W", "") }, run.status) },
      format.date(run.started), { format.duration(took), sort = took },
      run.script }
    if run.message then
      messages[#messages + 1] = tag("p", nil, groups.run_label(run), ": ",
        tag("span", { class = "code" }, run.message))
    end
  end
  return { tables.make("Runs", columns, rows), messages }
end

local function manifests(runs)
  local out = {}
  for i, run in ipairs(runs) do
    out[i] = tag("details", nil, tag("summary", nil, #runs > 1 and "Manifest of "
      .. groups.run_label(run) or "Manifest"),
      values.list(run.manifest))
  end
  return out
end

-- f(run, name, rows) for each kept table of each run.
local function each_table(runs, f)
  for _, run in ipairs(runs) do
    for _, name in ipairs(check.sorted_keys(run.tables)) do
      f(run, name, run.tables[name])
    end
  end
end

local function table_label(runs, run, name)
  return (#runs > 1 and groups.run_label(run) .. ": " or "") .. name
end

-- Tables of one row say what something is made of: they are set beside each other, and are open
-- where they differ.
local function single_rows(runs)
  local columns = {}
  each_table(runs, function(run, name, rows)
    if #rows == 1 then
      columns[#columns + 1] = { table_label(runs, run, name:gsub("/options$", "")), rows[1] }
    end
  end)
  if #columns == 0 then
    return nil
  end
  local options, n_different = values.beside("Options", "option", columns)
  return tag("details", { open = n_different > 0 and #columns <= OPEN,
    class = #columns > OPEN and "wide" },
    tag("summary", nil, "What was trained, and how"), options)
end

local function kept_tables(runs)
  local out = {}
  each_table(runs, function(run, name, rows)
    if #rows ~= 1 then
      out[#out + 1] = values.table(table_label(runs, run, name), rows)
    end
  end)
  return out
end

local function files(self, runs)
  local out = {}
  for _, run in ipairs(runs) do
    local part = artefacts.of(self, run)
    out[#out + 1] = part and { #runs > 1 and tag("h3", nil, groups.run_label(run)), part } or nil
  end
  return out
end

-- Sections as { title, id, content }; those without content are left out.
local function sections_of(self, runs, rows_of)
  local out = {}
  local function add(title, id, content)
    if #html.text(content) > 0 then
      out[#out + 1] = { title = title, id = id, content = content }
    end
  end
  local found = groups.of(runs, rows_of)
  self.intervals = curves.intervals(found)
  add("Settings", "settings", values.settings(runs, groups.run_label))
  add("Tables", "tables", kept_tables(runs))
  add("Figures and files", "files", files(self, runs))
  for i, group in ipairs(found) do
    add((group.kind:gsub("^%l", string.upper)), "series-" .. i,
      { curves.of(self, group), results.of(self, group) })
  end
  add("How it was made", "made", { single_rows(runs), manifests(runs) })
  return out
end

local function head(title)
  return tag("head", nil, tag("meta", { charset = "utf-8" }),
    tag("meta", { ["http-equiv"] = "Content-Security-Policy", content = "default-src 'none'; "
      .. "style-src 'unsafe-inline'; script-src 'sha256-" .. base64(core.sha256(script))
      .. "'; base-uri 'none'; form-action 'none'" }),
    tag("meta", { name = "viewport", content = "width=device-width, initial-scale=1" }),
    tag("meta", { name = "referrer", content = "no-referrer" }),
    tag("title", nil, title), tag("style", nil, html.raw(style)))
end

-- The page's text. runs: as store:run gives them; rows_of(run, series) gives rows; from: where the
-- runs are kept.
function page.make(runs, rows_of, from)
  local self = setmetatable({ styles = {}, n_styles = 0, n_figures = 0, artefact_bytes = 0 }, Page)
  local scripts, which = title_of(runs)
  local links, body = {}, {}
  for i, section in ipairs(sections_of(self, runs, rows_of)) do
    links[i] = tag("li", nil, tag("a", { href = "#" .. section.id }, section.title))
    body[i] = tag("section", { id = section.id }, tag("h2", nil, section.title), section.content)
  end
  return "<!DOCTYPE html>\n" .. html.text(tag("html", { lang = "en" },
    head("nudge: " .. scripts .. ", " .. which),
    tag("body", nil, tag("header", nil, tag("h1", nil, scripts), tag("p", { class = "lead" },
      which, " in ", tag("span", { class = "code" }, from)), overview(runs),
      tag("nav", { ["aria-label"] = "Sections" }, tag("ul", nil, links))),
    tag("main", nil, body),
    tag("footer", nil, "Written by nudge on " .. os.date "%Y-%m-%d %H:%M:%S"
      .. ". All of this page is in this file."),
    tag("p", { id = "said", class = "hidden", role = "status" }),
    tag("script", nil, html.raw(script))))) .. "\n"
end

return page
