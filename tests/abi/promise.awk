# SPDX-License-Identifier: MIT
# Compares the layout of released headers (first file) with that of the present ones (second file)
# and names every rule of docs/abi.md that is broken. Variables: old_minor, new_minor; frozen: names
# of structs that may not grow, between spaces.
function broken(rule, text) {
  print "rule broken: " rule ": " text
  failed = 1
}
function item(    key) {
  key = $1 " " $2
  if ($1 == "member") key = key " " $3
  return key
}
function value(    v) {
  v = $0
  sub($1 == "member" ? "^[^ ]+ [^ ]+ [^ ]+ " : "^[^ ]+ [^ ]+ ", "", v)
  return v
}
function appended(what) {
  if (new_minor + 0 <= old_minor + 0)
    broken("what is appended needs a new minor",
           what " is new, but NDG_ABI_MINOR is still " new_minor)
}
function judge_member(name, was, is,    a, b, old_type, new_type) {
  split(was, a, " ")
  split(is, b, " ")
  old_type = was
  new_type = is
  sub(/^[^ ]+ [^ ]+ /, "", old_type)
  sub(/^[^ ]+ [^ ]+ /, "", new_type)
  if (a[1] != b[1])
    broken("members never move", name " was at " a[1] ", is at " b[1])
  if (old_type != new_type)
    broken("members keep their type", name " was " old_type ", is " new_type)
  else if (a[2] != b[2])
    broken("members keep their type", name " had " a[2] " bytes, has " b[2])
}
FNR == NR { old[item()] = value(); next }
{ new[item()] = value(); order[++n] = item() }
END {
  if (new_minor + 0 < old_minor + 0)
    broken("the minor never falls", "NDG_ABI_MINOR was " old_minor ", is " new_minor)
  for (key in old) {
    split(key, word, " ")
    if (!(key in new)) {
      if (word[1] == "member" && !("struct " word[2] in new)) continue
      broken(word[1] == "member" ? "members are never removed or renamed" \
             : "what is released stays",
             (word[1] == "member" ? word[2] "." word[3] : word[2]) " is gone")
    } else if (word[1] == "member")
      judge_member(word[2] "." word[3], old[key], new[key])
    else if (word[1] == "struct") {
      if (index(frozen, " " word[2] " ") && old[key] != new[key])
        broken("frozen structs keep their size",
               word[2] " had " old[key] " bytes, has " new[key])
      else if (new[key] + 0 < old[key] + 0)
        broken("structs never shrink", word[2] " had " old[key] " bytes, has " new[key])
    } else if (old[key] != new[key])
      broken("constants keep their value", word[2] " was " old[key] ", is " new[key])
  }
  for (i = 1; i <= n; i++) {
    split(order[i], word, " ")
    if (order[i] in old) continue
    if (word[1] == "member" && ("struct " word[2] in old)) {
      name = word[2] "." word[3]
      if (index(frozen, " " word[2] " "))
        broken("frozen structs have no new members", name)
      else if (new[order[i]] + 0 < old["struct " word[2]] + 0)
        broken("new members stand behind all others",
               name " is at " new[order[i]] ", within the first " old["struct " word[2]] \
               " bytes, which are released")
      else
        appended(name)
    } else if (word[1] != "member")
      appended(word[2])
  }
  exit failed
}
