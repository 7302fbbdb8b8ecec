// Sort and filter the ledger of claims. Without this script the table is whole, in the papers' order.
"use strict";

(() => {
const KEYS = ["paper", "chapter", "verdict", "kind", "method"];
// What a row has of these: one of each, but any number of methods.
const values = (row, key) => (key === "method" ? row.dataset.methods.split(" ") : [row.dataset[key]]);

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function enhance(table) {
  const body = table.tBodies[0], rows = [...body.rows], wanted = {};
  const search = el("input", { type: "search", placeholder: "any words", oninput: show });
  const count = el("output", { "aria-live": "polite" });
  const bar = el("div", { class: "ledger-filters", role: "search" }, el("label", {}, "search ", search));
  for (const key of KEYS) {
    const options = [...new Set(rows.flatMap((row) => values(row, key)))].filter(Boolean).sort();
    const take = (v) => {
      wanted[key] = v;
      show();
    };
    const choice = el("select", { onchange: () => take(choice.value) },
      ...["", ...options].map((v) => el("option", { value: v }, v.replaceAll("_", " ") || "all")));
    bar.append(el("label", {}, `${key} `, choice));
  }
  bar.append(count);

  function show() {
    const words = search.value.toLowerCase().split(/\s+/), tally = {};
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word)) &&
        Object.entries(wanted).every(([key, value]) => !value || values(row, key).includes(value));
      row.hidden = !fits;
      if (!fits) continue;
      shown += 1;
      const kinds = (tally[row.dataset.verdict] ??= {});
      kinds[row.dataset.kind] = (kinds[row.dataset.kind] ?? 0) + 1;
    }
    const parts = Object.keys(tally).sort().map((verdict) => {
      const kinds = Object.keys(tally[verdict]).sort().map((kind) => `${tally[verdict][kind]} ${kind}`);
      return `${kinds.join(" + ")} ${verdict}`;
    });
    count.textContent = `${shown} of ${rows.length} claims${shown ? ": " : ""}${parts.join(", ")}`;
  }

  // A heading is a button: up, down, and back to the papers' order.
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const sort = () => {
      const next = { ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")] ?? "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      if (next !== "none") head.setAttribute("aria-sort", next);
      const key = (row) => row.cells[column].textContent.trim(), sign = next === "descending" ? -1 : 1;
      const compare = (a, b) => sign * key(a).localeCompare(key(b), "en", { numeric: true });
      body.append(...(next === "none" ? rows : [...rows].sort(compare)));
    };
    head.replaceChildren(el("button", { type: "button", onclick: sort }, head.textContent));
  });

  table.before(bar);
  show();
}

function start() {
  for (const table of document.querySelectorAll("table.ledger")) enhance(table);
  // a link from elsewhere to one claim: rows exist only now at their final place
  document.querySelector(":target")?.scrollIntoView();
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
})();
