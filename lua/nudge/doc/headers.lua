-- SPDX-License-Identifier: MIT
-- Pages of the reference about what plugins see: the public headers, paragraph by paragraph, as
-- they stand. A paragraph is a comment, which has the contract, with the declarations below it.
local inline = require "nudge.doc.inline"
local library = require "nudge.doc.library"
local page = require "nudge.doc.page"

local headers = {}

local names = { "types", "option", "graph", "learner", "rule", "plugin", "rng" }
-- Beside the annotations: in the source tree, and where nudge is installed.
local folders = { "../../core/include/nudge/", "../../../../include/nudge-1/nudge/" }

local function lines_of(name)
  for _, folder in ipairs(folders) do
    local file <close> = io.open(library.folder .. folder .. name .. ".h")
    if file then
      local out = {}
      for line in file:lines() do
        out[#out + 1] = line
      end
      return out
    end
  end
end

-- Words of a comment without its marks.
local function words_of(comment)
  local text = comment:gsub("^/%*+%s*", ""):gsub("%s*%*/$", ""):gsub("\n[ \t]+", "\n")
  return text
end

-- What a line at the left margin declares: a macro, a type or a function.
local function declared(line)
  local function_name = not line:find "^[%s#/*}]" and not line:find "^typedef"
    and line:match "(ndg_[%w_]+)%("
  return line:match "^#%s*define ([%w_]+)" or line:match "^typedef struct ([%w_]+) {"
    or line:match "^enum ([%w_]+) {" or line:match "^typedef [^{]*[ *]([%w_]+);"
    or line:match "^} ([%w_]+);" or line:gsub("^NDG_DEFINE_%u+%(", "ndg_"):match "^(ndg_%w+),"
    or function_name or nil
end

-- Adds the names that a line of code declares, constants of enumerations too.
local function add_names(out, code, depth)
  local function add(name)
    if name and not out[name] then
      out[#out + 1], out[name] = name, true
    end
  end
  add(depth == 0 and declared(code) or nil)
  if depth > 0 or code:find "^enum {" then
    for name in code:gmatch "(NDG_[%u%d_]+)%s*=[^=]" do
      add(name)
    end
  end
end

local function finish(paragraph, out)
  local text = table.concat(paragraph.lines, "\n")
  local comment, code = text:match "^(/%*.-%*/)\n(.*)$"
  if text:find "^/%*" and not comment then
    comment, code = text, "" -- a comment by itself
  end
  if text:find "%S" then
    out[#out + 1] = { comment = comment and words_of(comment) or "", code = code or text,
      names = paragraph.names }
  end
end

local function is_noise(line)
  return line:find "SPDX" or line:find "^#%s*if" or line:find "^#%s*endif" or line:find "^#%s*else"
    or line:find "^#%s*include" or line:find '^extern "C" {$' or line == "}"
    or line:find "^#%s*define NUDGE_[%w_]*_H$"
end

-- Paragraphs of a header; names are all that one declares, in their order.
function headers.read(lines)
  local out, depth, in_comment = {}, 0, false
  local paragraph = { lines = {}, names = {} }
  for _, line in ipairs(lines) do
    if line == "" and depth == 0 and not in_comment then
      finish(paragraph, out)
      paragraph = { lines = {}, names = {} }
    elseif in_comment or depth > 0 or not is_noise(line) then
      table.insert(paragraph.lines, line)
      local code = line:gsub("/%*.-%*/", ""):gsub("/%*.*$", "")
      if not in_comment then
        add_names(paragraph.names, code, depth)
      end
      in_comment = (in_comment or line:find "/%*" ~= nil)
        and not line:gsub("^.*/%*", in_comment and "%0" or ""):find "%*/"
      if not in_comment then
        local _, open = code:gsub("{", "")
        local _, shut = code:gsub("}", "")
        depth = math.max(0, depth + open - shut)
      end
    end
  end
  finish(paragraph, out)
  return out
end

-- All headers that are found: { name, doc, entries } each.
function headers.all()
  local out = {}
  for _, name in ipairs(names) do
    local lines = lines_of(name)
    if lines then
      local entries = headers.read(lines)
      local first = table.remove(entries, 1) -- what the header is
      out[#out + 1] = { name = "nudge/" .. name .. ".h", doc = first.comment, entries = entries }
    end
  end
  return out
end

local function add_entry(p, entry)
  if entry.comment ~= "" then
    p:prose(entry.comment, inline.markup)
  end
  if entry.code ~= "" then
    p:code(entry.code, "c")
  end
end

-- The page of a name; nil where no header declares it.
function headers.find(name)
  for _, header in ipairs(headers.all()) do
    for _, entry in ipairs(header.entries) do
      if entry.names[name] then
        local p = page.new("headers.md", inline.code(name), inline.plain(header.name))
        p:text(inline.join({ inline.plain "In ", inline.code(header.name), inline.plain ":" }, ""))
        add_entry(p, entry)
        return p
      end
    end
  end
end

-- Everything, for a man page.
function headers.page()
  local p = page.new("headers.md", inline.plain "Headers for plugins",
    inline.plain "the headers that plugins of nudge see")
  p:heading(2, inline.plain "Description")
  p:text(inline.plain("A learner or a rule is a shared object that sees these headers and the C "
    .. "library. Above each function stands its contract: the thread that may call it, the state "
    .. "it is called in, and its cost."))
  for _, header in ipairs(headers.all()) do
    p:heading(2, inline.plain(header.name))
    p:prose(header.doc, inline.markup)
    for _, entry in ipairs(header.entries) do
      if entry.names[1] then
        p:heading(3, inline.code(table.concat(entry.names, ", ", 1, math.min(3, #entry.names))
          .. (entry.names[4] and ", ..." or "")))
      end
      add_entry(p, entry)
    end
  end
  return p
end

-- Names that headers declare, for suggestions.
function headers.names()
  local out = {}
  for _, header in ipairs(headers.all()) do
    for _, entry in ipairs(header.entries) do
      table.move(entry.names, 1, #entry.names, #out + 1, out)
    end
  end
  return out
end

return headers
