"use strict";
// Adds to a page that is readable without it: charts, tables that search and sort, the theme switch.
(() => {
  const root = document.documentElement;
  const palette = JSON.parse(document.getElementById("palette").textContent);
  const mediaDark = matchMedia("(prefers-color-scheme: dark)");
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // theme: the reader's system decides until the reader does
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : mediaDark.matches);
  const remember = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* file shares may forbid it */ } };
  try {
    const kept = localStorage.getItem("theme");
    if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  } catch { /* as above */ }

  // charts: written in light colours, each of which has a dark pair
  const coloured = (value, colour) => {
    if (typeof value === "string") return colour(value);
    if (Array.isArray(value)) return value.map((part) => coloured(part, colour));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, coloured(v, colour)]));
    return value;
  };
  const settings = { displayModeBar: false, responsive: true, displaylogo: false, doubleClick: false };
  const plots = [...document.querySelectorAll(".chart")].map((figure) => ({
    element: figure.querySelector(".plot"),
    numbers: figure.querySelector("details.numbers"),
    shaky: figure.classList.contains("shaky"),
    plot: JSON.parse(figure.querySelector(".plot-data").textContent),
    drawn: false,
  }));
  const draw = (chart, { dark = isDark(), width } = {}) => {
    chart.element.hidden = false;
    const { data, layout } = coloured(chart.plot, (name) =>
      (chart.shaky && palette.faint[name]?.[dark ? 1 : 0]) || (dark && palette.pairs[name]) || name);
    Plotly.react(chart.element, data, width ? { ...layout, width } : layout, settings);
    if (!chart.drawn) chart.numbers.open = false;
    chart.drawn = true;
  };
  const redraw = (options) => plots.forEach((chart) => draw(chart, options));

  const button = document.getElementById("theme");
  const label = () => { button.textContent = isDark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Switch to the ${isDark() ? "light" : "dark"} theme`); };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; remember(root.dataset.theme); label(); redraw(); });
  mediaDark.addEventListener("change", () => { label(); redraw(); });
  label();

  addEventListener("beforeprint", () => redraw({ dark: false, width: 1030 }));
  addEventListener("afterprint", () => redraw());

  // grids
  const unpacked = async (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const ranks = ["critical", "high", "medium", "low", "info", ""];
  const severity = (value) => {
    if (!value) return "";
    return make("abbr", { className: `severity ${ranks.includes(value) ? value : ""}`, title: value, textContent: value[0].toUpperCase() });
  };
  const columnOf = (spec) => ({
    field: spec.field,
    title: spec.title,
    widthGrow: spec.grow,
    minWidth: spec.width,
    hozAlign: spec.kind === "number" ? "right" : "left",
    headerHozAlign: spec.kind === "number" ? "right" : "left",
    cssClass: spec.kind === "code" ? "as-code" : "",
    // a formatter's string would be read as HTML: hand over nodes
    formatter: (cell) => {
      const value = cell.getValue();
      if (spec.kind === "severity") return severity(value);
      const text = spec.kind === "number" && typeof value === "number" ? value.toLocaleString("en").replace("-", "\u2212") : String(value);
      return make("bdi", { textContent: text });
    },
    sorter: (a, b) => {
      if (spec.kind === "severity") return ranks.indexOf(a) - ranks.indexOf(b);
      if (spec.kind === "number") return (a === "" ? -Infinity : a) - (b === "" ? -Infinity : b);
      return a < b ? -1 : a > b ? 1 : 0;
    },
  });

  const controls = (place, spec, body, changed) => {
    const search = make("input", { type: "search", placeholder: "Search all columns", ariaLabel: "Search all columns" });
    place.append(search);
    const choices = new Map();
    spec.columns.forEach((column, index) => {
      if (!column.choice) return;
      const select = make("select", { ariaLabel: column.title }, make("option", { value: "", textContent: `${column.title}: all` }));
      const values = [...body.columns[index].values];
      values.sort((a, b) => (column.kind === "severity" ? ranks.indexOf(a) - ranks.indexOf(b) : String(a).localeCompare(String(b), "en")));
      values.forEach((value) => select.append(make("option", { value: String(value), textContent: value === "" ? "(none)" : String(value) })));
      select.addEventListener("change", changed);
      choices.set(column.field, select);
      place.append(select);
    });
    const reset = make("button", { type: "button", textContent: "Reset" });
    const shown = make("span", { className: "shown", role: "status" });
    place.append(reset, shown);
    let timer;
    search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(changed, 120); });
    const set = (filters) => {
      search.value = "";
      choices.forEach((select, field) => { select.value = filters[field] ?? ""; });
      changed();
    };
    reset.addEventListener("click", () => set({}));
    place.hidden = false;
    return { search, choices, shown, set };
  };

  const showFinding = (box, row) => {
    const card = document.querySelector(`.card[data-rule="${CSS.escape(row.rule_id)}"]`);
    const text = (selector) => card?.querySelector(selector)?.textContent ?? "";
    const lines = [
      ["Finding", row.id], ["Object", `${row.name}${row.path ? ` · ${row.path}` : ""}`],
      ["Criteria", `${row.rule_id}: ${text(".card-title")}`], ["Condition", row.reason], ["Effect", text(".why")],
      ["Cause", "not determined"], ["Recommendation", text(".fix")], ["Owner", row.owner || "none known"],
      ["History", `${row.status}; first seen ${row.first_seen}; open for ${row.age_days} days; due ${row.due_at || "–"}`],
      ["Evidence", `muster findings show ${row.id}`],
    ];
    const list = make("dl");
    lines.forEach(([name, value]) => list.append(make("dt", { textContent: name }), make("dd", { textContent: value })));
    box.replaceChildren(list);
    box.hidden = false;
  };

  const grids = new Map();
  const build = async (holder) => {
    const source = holder.querySelector(".grid-data");
    if (!source) return;
    const spec = JSON.parse(source.textContent);
    const body = await unpacked(spec.rows);
    const fields = spec.columns.map((column) => column.field);
    const rows = Array.from({ length: body.rows }, (_, i) => {
      const row = { at: i };
      fields.forEach((field, c) => { row[field] = body.columns[c].values[body.columns[c].codes[i]]; });
      return row;
    });
    const cells = holder.querySelector(".cells");
    const box = holder.querySelector(".finding-box");
    cells.hidden = false;
    holder.classList.add("on");
    const open = (row) => spec.detail && showFinding(box, row);
    const table = new Tabulator(cells, {
      data: rows,
      columns: spec.columns.filter((column) => column.kind !== "hidden").map(columnOf),
      columnDefaults: { headerWordWrap: true },
      layout: "fitColumns",
      height: Math.min(spec.height, 34 + 27 * Math.max(rows.length, 2)),
      placeholder: "No row matches.",
      rowFormatter: (row) => {
        if (!spec.detail) return;
        const element = row.getElement();
        element.classList.add("openable");
        element.tabIndex = 0;
        element.onkeydown = (event) => { if (event.key === "Enter") open(row.getData()); };
      },
    });
    table.on("rowClick", (_, row) => open(row.getData()));
    await new Promise((built) => table.on("tableBuilt", built));
    cells.querySelectorAll(".tabulator-col.tabulator-sortable").forEach((header) => {
      header.tabIndex = 0;
      header.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); header.click(); } });
    });
    const state = controls(holder.querySelector(".controls"), spec, body, () => {
      const wanted = state.search.value.trim().toLowerCase();
      // a search is answered per distinct value, not per row
      const hits = wanted && body.columns.map((column) => new Set(column.values.flatMap((v, code) => (String(v).toLowerCase().includes(wanted) ? [code] : []))));
      const chosen = [...state.choices].filter(([, select]) => select.selectedIndex > 0).map(([field, select]) => [field, select.value]);
      table.setFilter((row) =>
        chosen.every(([field, value]) => String(row[field]) === value) &&
        (!wanted || hits.some((codes, c) => codes.size && codes.has(body.columns[c].codes[row.at]))));
      const left = table.getDataCount("active");
      state.shown.textContent = `${left.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
      box.hidden = true;
    });
    state.set({});
    grids.set(holder.id, state);
  };

  // what is cut off can be read by pointing at it
  document.addEventListener("mouseover", (event) => {
    const cell = event.target.closest?.("td, .tabulator-cell");
    if (cell && cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent;
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-filters]");
    if (link) grids.get(link.hash.slice(1))?.set(Object.fromEntries(JSON.parse(link.dataset.filters)));
  });

  const all = [...plots.map((chart) => () => draw(chart)), ...[...document.querySelectorAll(".grid")].map((holder) => () => build(holder))];
  const next = async () => {
    const task = all.shift();
    if (!task) { root.dataset.ready = "yes"; return; }
    await task();
    setTimeout(next, 0);
  };
  next();
})();
