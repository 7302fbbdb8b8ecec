/* Sort and filter the ledger of claims. Without this script the table is whole, in the papers' order. */
(function () {
  "use strict";

  function choices(rows, key) {
    const values = new Set();
    for (const row of rows) {
      for (const value of key === "methods" ? row.dataset.methods.split(" ") : [row.dataset[key]]) {
        if (value) values.add(value);
      }
    }
    return [...values].sort();
  }

  function element(tag, text, attributes) {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    for (const name in attributes || {}) node.setAttribute(name, attributes[name]);
    return node;
  }

  function enhance(table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const filters = {};

    const bar = element("div", "", { class: "ledger-filters", role: "search" });
    const search = element("input", "", { type: "search", placeholder: "any words" });
    const label = element("label", "search ");
    label.append(search);
    bar.append(label);
    for (const key of ["paper", "chapter", "verdict", "method"]) {
      const select = element("select");
      select.append(element("option", "all", { value: "" }));
      for (const value of choices(rows, key === "method" ? "methods" : key)) {
        select.append(element("option", value.replaceAll("_", " "), { value }));
      }
      filters[key] = select;
      const label = element("label", key + " ");
      label.append(select);
      bar.append(label);
    }
    const count = element("output", "", { "aria-live": "polite" });
    bar.append(count);

    function show() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const tally = {};
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        const fits =
          words.every((word) => text.includes(word)) &&
          ["paper", "chapter", "verdict"].every(
            (key) => !filters[key].value || row.dataset[key] === filters[key].value
          ) &&
          (!filters.method.value || row.dataset.methods.split(" ").includes(filters.method.value));
        row.hidden = !fits;
        if (fits) {
          shown += 1;
          tally[row.dataset.verdict] = (tally[row.dataset.verdict] || 0) + 1;
        }
      }
      const parts = Object.keys(tally).sort().map((verdict) => tally[verdict] + " " + verdict);
      count.textContent = shown + " of " + rows.length + " claims" + (shown ? ": " + parts.join(", ") : "");
    }
    search.addEventListener("input", show);
    for (const key in filters) filters[key].addEventListener("change", show);

    // a heading is a button: up, down, and back to the papers' order
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const button = element("button", cell.textContent, { type: "button" });
      cell.textContent = "";
      cell.append(button);
      button.addEventListener("click", () => {
        const now = cell.getAttribute("aria-sort");
        const next = now === "ascending" ? "descending" : now === "descending" ? "none" : "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        if (next !== "none") cell.setAttribute("aria-sort", next);
        const sign = next === "descending" ? -1 : 1;
        const key = (row) => row.cells[column].textContent.trim();
        const sorted =
          next === "none"
            ? rows
            : [...rows].sort((a, b) => sign * key(a).localeCompare(key(b), "en", { numeric: true }));
        body.append(...sorted);
      });
    });

    table.before(bar);
    show();
  }

  function start() {
    for (const table of document.querySelectorAll("table.ledger")) enhance(table);
    // a link from elsewhere to one claim: rows exist only now at their final place
    if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
