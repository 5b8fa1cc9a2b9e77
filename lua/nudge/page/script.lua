-- SPDX-License-Identifier: MIT
-- The script of a page: tables are sorted by the buttons it puts into their heads, and what is
-- folded opens for print. Without it the page shows the same.
return [[
"use strict";
(() => {
  const said = document.getElementById("said");
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    const value = cell.getAttribute("data-value");
    const text = cell.textContent.trim();
    if (value !== null) return Number(value);
    return text !== "" && cell.classList.contains("number") && !Number.isNaN(Number(text))
      ? Number(text) : text;
  };
  const isEmpty = (key) => key === "\u2013" || key === "" || Number.isNaN(key);
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, undefined, { numeric: true });
  };
  const sort = (table, head, column) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row, i) => ({ row, i, key: keyOf(row, column) }));
    rows.sort((a, b) => {
      const empty = isEmpty(a.key) - isEmpty(b.key);
      return empty || (down ? -1 : 1) * compare(a.key, b.key) || a.i - b.i;
    });
    body.append(...rows.map((entry) => entry.row));
    said.textContent = "sorted by " + head.textContent + (down ? ", descending" : ", ascending");
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    if (table.tBodies[0].rows.length < 2) continue;
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head, column));
      head.append(button);
    });
  }
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not([open]):not(.wide)"));
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
})();
]]
