-- SPDX-License-Identifier: MIT
-- Colours that stay apart for colour-blind readers (Okabe and Ito), each with its own mark.
local styles = {}

styles.list = {
  { "#0072B2", 7 }, { "#D55E00", 5 }, { "#009E73", 9 }, { "#CC79A7", 11 }, { "#E69F00", 13 },
  { "#000000", 6 }, { "#56B4E9", 4 }, { "#AA0000", 3 }, { "#8C510A", 10 },
  { "#7B3FB5", 15 }, { "#7A7A00", 8 },
}
styles.names = { blue = 1, vermilion = 2, green = 3, pink = 4, amber = 5, black = 6, sky = 7,
  red = 8, brown = 9, purple = 10, olive = 11 }
styles.grey = "#777777"
-- From light to dark, for numbers of steps.
styles.ramp = { "#9ECAE1", "#4292C6", "#08519C", "#08306B" }
-- Colours without a place in the list.
styles.others = { grey = styles.grey }
for i, color in ipairs(styles.ramp) do
  styles.others["blue" .. i] = color
end

return styles
