#!/bin/sh
# SPDX-License-Identifier: MIT
# nudge report: the page of real runs as a browser shows it (Chromium), and what is refused.
# Usage: report.sh NUDGE; writes TAP.
. "$(dirname "$0")/tap.sh"

if ! command -v gnuplot >/dev/null 2>&1; then
  echo "1..0 # SKIP gnuplot is not installed"
  exit 0
fi

# Every text of the run is hostile.
cat >'<script>alert(1)<!--.lua' <<'LUA'
local nudge = require "nudge"
local set = nudge.settings { learning_rate = 0.01, note = "plain" }
local result = nudge.meta_train {
  name = "<img src=x onerror=alert(2)>",
  learner = nudge.learner("modulated_net", { layers = { 1, 8, 1 } }),
  rule = nudge.rule("contrastive", { beta = 0.1 }), domain = nudge.domains.sinusoid(),
  inner = { lr = 0.02, steps = 10 }, outer = { lr = set.learning_rate }, steps = 30,
  meta_batch = 5, losses = true, validation = { every = 10, tasks = 10 },
}
nudge.log("</style><script>alert(3)</script>", 1, { ["<b>"] = 0 / 0 })
nudge.log("order", 1, { value = 10 })
require("nudge.run").current():table("ranking", {
  { method = "<i>b</i>", error = 0.5 }, { method = "a", error = 10 }, { method = "c", error = 9 },
  { method = "none", error = 0 / 0 } })
nudge.figure { title = "</svg><script>alert(4)</script>", panels = { { series = {
  { x = { 1, 2, 3 }, y = { 1, 2, 1 }, label = "<u>" } } } } }:save(nudge.result "own.svg")
LUA
script=$(ls ./*.lua)

"$nudge" run "$script" --out o >out 2>err && "$nudge" run "$script" --out o \
  --set learning_rate=0.1 --set 'note=</td><script>alert(5)</script>' >>out 2>>err
report $? "two runs" "$(cat out err)"
refuses "no run" 'one or more runs are wanted' report --out o
refuses "a run that is not there" "no run '7'" report 1 7 --out o
refuses "no store" 'no store of runs in empty' report 1 --out empty
refuses "another ending" "--to.*'page.pdf'" report 1 --out o --to page.pdf
refuses "a folder that is not there" 'no/such/page.html' report 1 --out o --to no/such/page.html
[ -z "$(find . -name '*.html')" ]
report $? "and there is no page" "$(find .)"

"$nudge" report 1 2 1 --out o >out 2>err && [ "$(find . -name '*.html')" = ./o/report-1-2.html ] &&
  grep -qE '^o/report-1-2.html: [0-9]+ kB$' out
report $? "the page lies beside the runs, each of them once" "$(cat out err; find .)"
"$nudge" report last --out o --to page.html >out 2>err && [ -s page.html ]
report $? "or where --to says" "$(cat out err)"
page=$work/o/report-1-2.html
[ "$(wc -c <"$page")" -lt 1000000 ]
report $? "it is below a megabyte"
! tr '>' '\n' <"$page" | grep -E '<[^ ]+ .*(src|srcset|data|action|poster)="' &&
  ! grep -oE ' href="[^#]' "$page" && ! grep -qE 'url\(|@import' "$page"
report $? "nothing in it leads anywhere else"

# browser FILE [OPTION]: the page after its scripts have run, as markup
browser() {
  HOME=$work timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --no-first-run --disable-background-networking --disable-component-update \
    --host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$work/profile" \
    $2 --dump-dom "file://$1" 2>browser.log
}

if ! command -v chromium >/dev/null 2>&1; then
  for name in "the page's own script runs" "no text of a run became markup" "tables are sorted" \
    "every figure is drawn" "figures can be read on a light page" "nothing is fetched" \
    "figures can be read on a dark page"; do
    skip "$name" "chromium is not installed"
  done
  tap_end
fi

browser "$page" >dom
grep -q '<th scope="col"><button type="button">method</button>' dom
report $? "the page's own script runs, under its own policy" "$(tail -n 5 browser.log)"
grep -q 'alert(5)' dom && [ "$(grep -o '<script' dom | wc -l)" = 1 ] &&
  ! grep -qE '<(img|b|i|u)[ >]' dom
report $? "no text of a run became markup" "$(grep -oE '<(script|img|b|i|u)[ >]' dom)"

# The same page with a script of the test's, which the policy would not let run: it uses the page's
# buttons, measures its figures, and asks what was fetched.
sed -e 's/<meta[^>]*Content-Security-Policy[^>]*>//' -e '/<\/body>/{
  r '"$here"'/report_probe.html
}' "$page" >probe.html
browser "$work/probe.html" --blink-settings=preferredColorScheme=1 >dom
value() { sed -n "s/^probe:$1=//p" dom | sed 's/&lt;/</g; s/&gt;/>/g'; }
[ "$(value ascending)" = '<i>b</i>|c|a|none' ] && [ "$(value descending)" = 'a|c|<i>b</i>|none' ] &&
  [ "$(value text)" = '<i>b</i>|a|c|none' ] && [ "$(value aria)" = 'ascending,descending' ]
report $? "tables are sorted by number and by text, empty cells last" "$(grep '^probe:' dom)"
[ "$(value figures)" -ge 8 ] && [ "$(value empty)" = '' ]
report $? "every figure is drawn, and its curves are larger than nothing" "$(grep '^probe:' dom)"
[ "$(value contrast)" = '' ] && [ "$(value dark)" = false ]
report $? "figures can be read on a light page" "$(grep '^probe:' dom)"
[ "$(value fetched)" = 0 ]
report $? "nothing is fetched" "$(grep '^probe:' dom)"
browser "$work/probe.html" --blink-settings=preferredColorScheme=0 >dom
[ "$(value contrast)" = '' ] && [ "$(value dark)" = true ]
report $? "figures can be read on a dark page" "$(grep '^probe:' dom)"

tap_end
