-- SPDX-License-Identifier: MIT
-- What can go wrong in a derivative: every operator looks at one place of a function's body and
-- gives what could stand there instead. Each change: class, from, to, text.
local tokens = require "tokens"

-- Operations that have a node for result, and a builder for first argument.
local node_calls = {}
for name in ([[neg add sub mul div square sqrt reciprocal exp log tanh sigmoid softplus sin cos
  power step relu abs sign scale select matmul reshape broadcast slice concat sum_axes sum_tasks
  spread greater constant attributed]]):gmatch "%S+" do
  node_calls["ndg_" .. name] = true
end
for _, name in ipairs { "apply_to", "with_index", "masked", "softmax", "moving_mean", "root" } do
  node_calls[name] = true
end

local other_function = { ndg_add = "ndg_sub", ndg_sub = "ndg_add", ndg_mul = "ndg_div",
  ndg_div = "ndg_mul", ndg_sin = "ndg_cos", ndg_cos = "ndg_sin", ndg_sigmoid = "ndg_tanh",
  ndg_step = "ndg_sign", ndg_sign = "ndg_step", ndg_exp = "ndg_sigmoid" }
-- A derivative of sums and products only: these stay when their operation is left out.
local terms = { ndg_add = true, ndg_sub = true, ndg_mul = true, ndg_div = true }
local wrappers = { ndg_neg = "sign", ndg_square = "factor", ndg_exp = "factor", ndg_sqrt = "factor",
  ndg_scale = "factor", ndg_sum_tasks = "missing term", ndg_spread = "missing term" }
-- Arguments that may trade places; those of sums and products may, without effect.
local trades = { ndg_sub = { { 2, 3 } }, ndg_div = { { 2, 3 } }, ndg_greater = { { 2, 3 } },
  ndg_matmul = { { 2, 3 }, { 4, 5 } }, ndg_slice = { { 3, 4 }, { 4, 5 } },
  ndg_select = { { 3, 4 } }, ndg_attributed = { { 5, 6 }, { 6, 7 } }, with_index = { { 3, 4 } },
  moving_mean = { { 3, 4 } }, accumulate = { { 2, 3 } }, group_of = { { 2, 3 } } }
-- Names that are easily confused.
local other_word = { ta = "tb", tb = "ta", start = "length", length = "start", left = "right",
  right = "left", learn_loss = "eval_loss", eval_loss = "learn_loss", phi_ahead = "phi",
  NDG_OP_GATHER = "NDG_OP_SCATTER_ADD", NDG_OP_SCATTER_ADD = "NDG_OP_GATHER",
  NDG_OP_PICK = "NDG_OP_PLACE", NDG_OP_PLACE = "NDG_OP_PICK", NDG_OP_PAD = "NDG_OP_SLICE",
  NDG_OP_SPREAD = "NDG_OP_SUM_TASKS", NDG_OP_SUM_TASKS = "NDG_OP_SPREAD",
  NDG_DERIVATIVE_PER_TASK = "0", NDG_PARAM_LR = "NDG_PARAM_MOMENTUM",
  NDG_PARAM_MOMENTUM = "NDG_PARAM_LR", NDG_PARAM_BETA2 = "NDG_PARAM_MOMENTUM",
  NDG_PARAM_EPSILON = "NDG_PARAM_LR", NDG_PARAM_BETA = "NDG_PARAM_LR",
  NDG_BUILT_BATCH = "NDG_BUILT_FULL", NDG_BUILT_FULL = "NDG_BUILT_BATCH",
  NDG_BUILT_AHEAD = "NDG_BUILT_BATCH", phi_offset = "theta_offset",
  theta_offset = "phi_offset", theta_nodes = "phi", direction = "theta_direction",
  theta_direction = "direction", NDG_AT_STATE = "NDG_AT_SEED", NDG_AT_SEED = "NDG_AT_STATE",
  start_theta = "init", phi_adjoint = "theta_adjoint" }
local other_sign = { ["+"] = "-", ["-"] = "+", ["+="] = "-=", ["-="] = "+=",
  ["=="] = "!=", ["!="] = "==", ["&&"] = "||",
  ["||"] = "&&", ["<"] = ">=", [">="] = "<", ["<<"] = "+" }

local function builder_of(header)
  return header:find "ndg_builder %*b" and "b" or header:find "^%u+%(" and "b"
    or header:find "update %*u" and "u->b" or nil
end

-- Statements about counters, caches, memory and errors, and sizes of arrays.
local aside = { "^UNUSED4", "^%(void%)", "record%.", "identity", "ndg_free", "alloc",
  "^end_walk", "^close_",
  "ndg_fail", "refuse", "^if %(st <", "^enum", "^ndg_node [%w_]+%[" }
local function makes_no_derivative(statement)
  for _, pattern in ipairs(aside) do
    if statement:find(pattern) then
      return true
    end
  end
  return (statement:find "st = " or statement:find "NDG_OK") and not statement:find "ndg_graph_[vj]"
end

-- All changes of one function.
return function(f, text)
  local body = text:sub(f.first, f.last)
  local list = tokens.of(body)
  local builder = builder_of(f.header)
  local changes = {}

  local function span(i, k)
    return body:sub(list[i].from, list[k].to)
  end
  local function change(class, i, k, with, said)
    changes[#changes + 1] = { class = class, from = list[i].from, to = list[k].to, text = with,
      original = span(i, k), said = said or with }
  end
  -- A node times c, and NDG_NO_NODE as it is.
  local function times(c, class, i, k)
    if builder then
      change(class, i, k, ("({ ndg_node r_ = %s; r_ ? ndg_scale(%s, r_, %s) : r_; })"):format(
        span(i, k), builder, c), ("times %s"):format(c))
    end
  end
  local factors = { "2", "0.5", "1.0009765625" }
  local n_factors = 0
  local function factor_and_sign(i, k)
    n_factors = n_factors + 1
    times(factors[n_factors % 3 + 1], "factor", i, k)
    times("-1", "sign", i, k)
  end

  local function at_call(i)
    local name, last = list[i].text, list[i + 1].match
    local arguments = tokens.arguments(list, i + 1)
    if node_calls[name] then
      factor_and_sign(i, last)
    end
    if other_function[name] then
      change((name == "ndg_add" or name == "ndg_sub") and "sign" or "factor", i, i,
        other_function[name])
    end
    if terms[name] then
      for k = 2, 3 do
        change("missing term", i, last, span(arguments[k][1], arguments[k][2]))
      end
    end
    if wrappers[name] then
      change(wrappers[name], i, last, "(" .. span(arguments[2][1], arguments[2][2]) .. ")")
    end
    for _, pair in ipairs(trades[name] or {}) do
      local p, q = arguments[pair[1]], arguments[pair[2]]
      local a, b = span(p[1], p[2]), span(q[1], q[2])
      if a ~= b then
        change("swapped argument", p[1], q[2], b .. body:sub(list[p[2]].to + 1, list[q[1]].from - 1)
          .. a)
      end
    end
  end

  local function at_number(i)
    local value = tonumber(list[i].text)
    local before = list[i - 1] and list[i - 1].text
    if not value or before == "INT64_C" or list[i - 2] and list[i - 2].text == "INT64_C" then
      return
    end
    if before == "[" then
      change("transposed index", i, i, value == 0 and "1" or "0")
    elseif value == math.floor(value) and not list[i].text:find "%." then
      change("factor", i, i, value == 0 and "1" or value == 1 and "0" or tostring(value - 1))
    else
      change("factor", i, i, tostring(value / 2))
    end
  end

  local function at_word(i)
    local word, before = list[i].text, list[i - 1] and list[i - 1].text or ""
    local declared = list[i - 1] and list[i - 1].kind == "word" and before ~= "return"
    local known = other_word[word] and
      (not other_word[word]:find "^%l+$" or body:find("%f[%w_]" .. other_word[word] .. "%f[^%w_]"))
    if known and not declared and not (list[i + 1] and list[i + 1].text == "=") then
      change("transposed index", i, i, other_word[word])
    end
    if not builder or before == "->" or before == "." or declared then
      return
    end
    if word == "y" then
      change("swapped argument", i, i, "n->in[0]")
    elseif (word == "t" or word == "y_bar") and f.header:find "^%u+%(" then
      change("swapped argument", i, i, "y")
    elseif word == "x_dot" and list[i + 1].text == "[" then
      change("swapped argument", i, list[i + 1].match, "n->in[0]")
    end
  end

  local function at_condition(i)
    local last = tokens.expression_end(list, i + 1)
    local other = tokens.expression_end(list, last + 2)
    if list[last + 1].text == ":" then
      change("swapped argument", i + 1, other,
        ("(%s) : (%s)"):format(span(last + 2, other), span(i + 1, last)))
    end
  end

  local function at_return(i)
    local last = tokens.expression_end(list, i + 1, "^;$")
    if f.header:find "^%u+%(" or f.header:find "ndg_node [%w_]+%(" then
      local a_call = node_calls[list[i + 1].text] and list[i + 2].match == last
      if list[i + 1].text ~= "NDG_NO_NODE" then
        if not a_call then
          factor_and_sign(i + 1, last)
        end
        change("missing term", i + 1, last, "NDG_NO_NODE")
      end
    end
  end

  -- A statement that only calls or adds: left out.
  local function at_statement(i, last)
    local first = list[i].text
    if first == "return" or first == "if" or first == "for" or first == "const" or first == "break"
      or first == "continue" or first == "case" or first == "default" then
      return
    end
    local plain = list[i + 1].text == "(" or span(i, last):find "[|%+]="
    if plain and list[i].kind == "word" then
      change("missing term", i, last - 1, "(void)0")
    end
  end

  local skip_to, for_end, statement_from = 0, 0, 1
  for i, token in ipairs(list) do
    local next_text = list[i + 1] and list[i + 1].text
    if i == statement_from then
      local last = i
      while list[last] and list[last].text ~= ";" and list[last].text ~= "{" do
        last = last + 1
      end
      local whole = list[last] and span(i, last) or ""
      if makes_no_derivative(whole) then
        skip_to = list[last] and list[last].match or last
      elseif whole:find "^for" then
        skip_to = list[i + 1].match
        for_end = skip_to
      elseif list[last] and list[last].text == ";" then
        at_statement(i, last)
      end
    end
    if token.text == "st" and next_text == ">=" then
      skip_to = list[i + 3].text == "&&" and i + 3 or i + 2
    end
    if i > skip_to then
      if token.kind == "word" and next_text == "(" then
        at_call(i)
      elseif token.kind == "word" and token.text == "return" then
        at_return(i)
      elseif token.kind == "word" then
        at_word(i)
      elseif token.kind == "number" then
        at_number(i)
      elseif token.text == "?" then
        at_condition(i)
      elseif token.text == "!" then
        change("transposed index", i, i, "")
      elseif other_sign[token.text] and list[i - 1] and list[i - 1].text:find "[%w_%)%]]$" then
        change(token.text:find "^[%+%-]=?$" and "sign" or "transposed index", i, i,
          other_sign[token.text])
      elseif token.text == "-" then
        change("sign", i, i, "")
      end
    end
    local opened_by = token.text == ")" and list[token.match - 1] and list[token.match - 1].text
    if i >= for_end and (token.text:find "^[;{}]$" or opened_by == "if" or opened_by == "for") then
      statement_from = i + 1
    end
  end
  return changes
end
