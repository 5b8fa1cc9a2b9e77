#!/bin/sh
# SPDX-License-Identifier: MIT
# Arrows only point down: which folder may include from which, read off the sources; and core names
# no plugin.
# usage: layers.sh SOURCE_ROOT
set -u
cd "$1" || exit 1
n=0
failed=0

# TEXT VIOLATIONS
report() {
  n=$((n + 1))
  if [ -z "$2" ]; then
    echo "ok $n - $1"
  else
    echo "not ok $n - $1"
    printf '%s\n' "$2" | sed 's/^/# /'
    failed=1
  fi
}

sources() { find "$@" -name '*.[ch]' | sort; }
# FILE:LINE "PATH" for every include of one's own; the awk program decides what is wrong.
quoted() { xargs grep -nH '^ *# *include *"' /dev/null; }
angled() { xargs grep -nH '^ *# *include *<' /dev/null; }

# FOLDER ALLOWED...: the first part of every quoted path must be allowed.
layer() {
  folder=$1
  shift
  allowed=$(printf '|%s' "$@")
  report "$folder includes only $*" \
    "$(sources "$folder" | quoted | awk -F'"' -v allowed="^(${allowed#|})/" '$2 !~ allowed')"
}

layer core/include nudge
layer core/base nudge base
layer core/tensor nudge base tensor
layer core/graph nudge base tensor graph
layer core/plugin nudge base plugin
layer core/engine nudge base tensor graph plugin engine
layer lua/bind nudge base tensor graph plugin engine bind
layer core/check nudge base tensor graph plugin engine check
layer core/cli nudge base tensor graph plugin engine check bind cli

# A plugin sees the installed headers, its own folder and the C library without the rest of POSIX.
report 'plugins include only nudge/*.h and their own headers' \
  "$(sources plugins | quoted | awk -F'"' '$2 !~ /^nudge\/[a-z_]*\.h$/ && $2 !~ /^[a-z_0-9]*\.h$/')"
c_library='assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal'
c_library="$c_library|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn"
c_library="$c_library|string|tgmath|threads|time|uchar|wchar|wctype"
report 'plugins and public headers include only the C library besides' \
  "$(sources plugins core/include | angled | grep -Ev "<($c_library)\.h>")"

# Comments may speak of a plugin, and a method of mathematics may share its name; code that looks
# for an id or compares with it knows the plugin.
without_comments() {
  awk '{
    line = $0; out = ""
    while (line != "") {
      if (inside) {
        end = index(line, "*/")
        if (!end) break
        line = substr(line, end + 2); inside = 0
      } else {
        start = index(line, "/*")
        if (!start) { out = out line; break }
        out = out substr(line, 1, start - 1); line = substr(line, start + 2); inside = 1
      }
    }
    print FILENAME ":" FNR ": " out
  }' "$@"
}
for folder in plugins/*/; do
  id=$(basename "$folder")
  report "core does not look for plugin $id" \
    "$(without_comments $(sources core) | grep -F "\"$id\"" | grep -E 'cmp|find|open|contain')"
done
echo "1..$n"
exit $failed
