# SPDX-License-Identifier: MIT
# Reads preprocessed public headers and prints what is part of the ABI, one item per line:
#   struct NAME | member STRUCT NAME TYPE | constant NAME
# Structs are `typedef struct NAME { ... } NAME;` without structs inside. Anything else that has
# members is refused, so that nothing goes unlisted.
function trim(s) {
  gsub(/[ \t\n]+/, " ", s)
  gsub(/ *\* */, " *", s)
  gsub(/\* \*/, "**", s)
  gsub(/\( /, "(", s)
  sub(/^ /, "", s)
  sub(/ $/, "", s)
  return s
}
# A parameter without its name.
function parameter(p,    words, word, n, i) {
  p = trim(p)
  n = split(p, word, " ")
  words = 0
  for (i = 1; i <= n; i++)
    if (word[i] !~ /^(const|struct|unsigned|\*.*)$/) words++
  if (p ~ /\*[a-z_0-9]+$/ && p !~ /\*const$/) sub(/[a-z_0-9]+$/, "", p)
  else if (words > 1) sub(/ [A-Za-z_0-9]+$/, "", p)
  return p
}
function function_pointer(owner, m,    name, before, list, n, part, i) {
  before = m
  sub(/\(\*.*/, "", before)
  name = m
  sub(/^[^(]*\(\*/, "", name)
  list = name
  sub(/\).*/, "", name)
  sub(/^[^)]*\) *\(/, "", list)
  sub(/\) *$/, "", list)
  n = split(list, part, ",")
  list = ""
  for (i = 1; i <= n; i++) list = list (i > 1 ? ", " : "") parameter(part[i])
  print "member " owner " " name " " trim(before) " (*)(" list ")"
}
function data(owner, m,    n, part, i, name, base, type, size) {
  n = split(m, part, ",")
  for (i = 1; i <= n; i++) {
    part[i] = trim(part[i])
    size = ""
    if (match(part[i], / *\[.*\]$/)) {
      size = substr(part[i], RSTART)
      part[i] = substr(part[i], 1, RSTART - 1)
    }
    match(part[i], /[A-Za-z_0-9]+$/)
    name = substr(part[i], RSTART)
    type = trim(substr(part[i], 1, RSTART - 1))
    if (i == 1) {
      base = type
      sub(/ \*.*/, "", base)
    } else
      type = trim(base " " type)
    gsub(/ /, "", size)
    print "member " owner " " name " " type size
  }
}
function members(owner, body,    n, part, i) {
  if (body ~ /[{}]/) {
    print "declarations: " owner " has members inside of members" >"/dev/stderr"
    bad = 1
  }
  print "struct " owner
  n = split(body, part, ";")
  for (i = 1; i <= n; i++) {
    part[i] = trim(part[i])
    if (part[i] == "") continue
    if (part[i] ~ /\(/) function_pointer(owner, part[i])
    else data(owner, part[i])
  }
}
function constants(body,    n, part, i) {
  n = split(body, part, ",")
  for (i = 1; i <= n; i++) {
    sub(/=.*/, "", part[i])
    part[i] = trim(part[i])
    if (part[i] != "") print "constant " part[i]
  }
}
{ text = text " " $0 }
END {
  sub(/.*begin_of_nudge;/, "", text)
  while (match(text, /(typedef )?(struct|union|enum)( [A-Za-z_0-9]+)? *\{/)) {
    head = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    close_at = index(text, "}")
    body = substr(text, 1, close_at - 1)
    text = substr(text, close_at + 1)
    if (head ~ /enum/)
      constants(body)
    else if (head ~ /^typedef struct [a-z]/) {
      split(head, word, " ")
      members(word[3], body)
    } else {
      print "declarations: cannot read '" head "'" >"/dev/stderr"
      bad = 1
    }
  }
  exit bad
}
