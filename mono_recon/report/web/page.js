/* Sorting and searching of the tables. The page is complete without it. */
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const key = (row, at) => row.cells[at].dataset.sort ?? row.cells[at].textContent.trim();
  const compare = (a, b) => (isNaN(a) || isNaN(b) || a === "" || b === ""
    ? a.localeCompare(b, document.documentElement.lang)
    : a - b);
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      rows.sort((a, b) => (up ? 1 : -1) * compare(key(a, at), key(b, at)));
      body.append(...rows);
    });
  });
  const tools = document.createElement("div");
  tools.className = "tools screen-only";
  const label = document.createElement("label");
  const search = document.createElement("input");
  search.type = "search";
  label.append(table.dataset.search + " ", search);
  const found = document.createElement("output");
  found.className = "muted";
  tools.append(label, found);
  table.parentNode.before(tools);
  search.addEventListener("input", () => {
    const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLocaleLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    found.textContent = words.length ? `${shown} / ${rows.length}` : "";
  });
}
