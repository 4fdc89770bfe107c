// Draws the lineage that data.js holds. Tables are nodes; a chosen column is drawn with the columns that it comes from
// and those that come from it, each within its table. ELK places tables; columns are stacked within them.
(() => {
  "use strict";
  const COLOURS = { RAW: "#8d99ae", STAGING: "#6baed6", HISTORY: "#9e9ac8", MARTS: "#74c476", ACTIVITY: "#fdae6b",
    PRODUCT: "#f4a6b8", OPS: "#c7b299" };
  const ROW = 22, LETTER = 6.6, PADDING = 20;
  const data = window.snowcastLineage;
  const byName = new Map(data.tables.map((table) => [table.name, table]));
  const find = (id) => document.getElementById(id);
  const tableOf = (place) => place.split(".")[0];
  const columnOf = (place) => place.slice(place.indexOf(".") + 1);
  const inputs = new Map(), readers = new Map(), made = new Map(), used = new Map();
  const add = (map, key, value) => map.has(key) ? map.get(key).push(value) : map.set(key, [value]);
  const tableEdges = new Set();
  for (const table of data.tables) for (const name of table.inputs) tableEdges.add(name + " " + table.name);
  for (const edge of data.edges) {
    add(made, edge[1], edge);
    add(used, edge[0], edge);
    if (tableOf(edge[0]) !== tableOf(edge[1])) tableEdges.add(tableOf(edge[0]) + " " + tableOf(edge[1]));
  }
  for (const pair of tableEdges) {
    const [from, to] = pair.split(" ");
    add(inputs, to, from);
    add(readers, from, to);
  }
  const state = { at: null, layers: new Set(Object.keys(COLOURS).filter((layer) => layer !== "OPS")), tag: "",
    conditions: true };
  let graph = null, turn = 0;

  // ---- following

  function reach(start, neighbours) {
    const seen = new Set([start]), waiting = [start];
    while (waiting.length) for (const next of neighbours(waiting.shift())) {
      if (!seen.has(next)) { seen.add(next); waiting.push(next); }
    }
    return seen;
  }

  function columnEdges(place) {
    const counts = (edge) => state.conditions || edge[2] === "value";
    const up = reach(place, (one) => (made.get(one) || []).filter(counts).map((edge) => edge[0]));
    const down = reach(place, (one) => (used.get(one) || []).filter(counts).map((edge) => edge[1]));
    const within = (edge) => counts(edge) && ((up.has(edge[0]) && up.has(edge[1])) || (down.has(edge[0]) && down.has(edge[1])));
    return { up, down, edges: data.edges.filter(within) };
  }

  function shownTables() {
    const fits = (table) => state.layers.has(table.layer) && (!state.tag || table.tags.includes(state.tag));
    const names = new Set(data.tables.filter(fits).map((table) => table.name));
    if (state.at && !state.at.includes(".")) names.add(state.at);
    return names;
  }

  // ---- drawing

  function tableGraph() {
    const names = shownTables();
    const nodes = [...names].map((name) => ({ name, columns: [] }));
    const edges = [...tableEdges].map((pair) => pair.split(" ")).filter(([from, to]) => names.has(from) && names.has(to));
    return { nodes, edges: edges.map(([from, to]) => ({ from, to, role: "value" })), between: edges };
  }

  function columnGraph(place) {
    const { up, down, edges } = columnEdges(place);
    const columns = new Map();
    for (const one of new Set([...up, ...down])) add(columns, tableOf(one), one);
    const between = new Set(edges.map((edge) => tableOf(edge[0]) + " " + tableOf(edge[1])));
    const drawn = edges.map((edge) => ({ from: edge[0], to: edge[1], role: edge[2] }));
    const nodes = [...columns].map(([name, places]) => ({ name, columns: places.sort() }));
    return { nodes, edges: drawn, between: [...between].map((pair) => pair.split(" ")).filter(([a, b]) => a !== b) };
  }

  function size(node) {
    const longest = Math.max(node.name.length, ...node.columns.map((place) => columnOf(place).length + 2));
    return { width: longest * LETTER + PADDING, height: (node.columns.length ? node.columns.length + 1 : 1) * ROW + 6 };
  }

  async function place(drawing) {
    const isNarrow = find("lineage-graph").clientWidth < 560;
    const layout = await new window.ELK().layout({
      id: "all",
      layoutOptions: { "elk.algorithm": "layered", "elk.direction": isNarrow ? "DOWN" : "RIGHT", "elk.spacing.nodeNode": "10",
        "elk.layered.spacing.nodeNodeBetweenLayers": "44", "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX" },
      children: drawing.nodes.map((node) => ({ id: node.name, ...size(node) })),
      edges: drawing.between.map(([from, to], number) => ({ id: "e" + number, sources: [from], targets: [to] })),
    });
    return new Map(layout.children.map((child) => [child.id, child]));
  }

  function elements(drawing, places) {
    const found = [];
    for (const node of drawing.nodes) {
      const { x, y, width, height } = places.get(node.name);
      const colour = COLOURS[byName.get(node.name).layer];
      const box = { data: { id: node.name, label: node.name, colour, width, height },
        position: { x: x + width / 2, y: y + height / 2 }, classes: node.columns.length ? "box" : "table" };
      found.push(box);
      node.columns.forEach((one, number) => found.push({
        data: { id: one, label: columnOf(one), colour, width: width - 12, height: ROW - 4 },
        position: { x: x + width / 2, y: y + ROW * (number + 1.5) + 3 }, classes: "column" }));
    }
    drawing.edges.forEach((edge, number) => found.push(
      { data: { id: "edge" + number, source: edge.from, target: edge.to }, classes: edge.role }));
    return found;
  }

  function style() {
    const text = getComputedStyle(find("lineage")).color;
    return [
      { selector: "node", style: { label: "data(label)", width: "data(width)", height: "data(height)", shape: "round-rectangle",
        "background-color": "data(colour)", color: "#111", "font-size": 11, "text-valign": "center",
        "font-family": "ui-monospace, monospace", "z-index-compare": "manual", "z-index": 1 } },
      { selector: ".box", style: { "background-opacity": 0.25, "text-valign": "top", "text-margin-y": ROW, color: text,
        "font-weight": "bold" } },
      { selector: ".column", style: { "background-opacity": 0.95 } },
      { selector: "edge", style: { width: 1.4, "line-color": "#888", "target-arrow-color": "#888", "target-arrow-shape":
        "triangle", "arrow-scale": 0.7, "curve-style": "bezier", opacity: 0.6, "z-index-compare": "manual", "z-index": 0 } },
      { selector: ".condition", style: { "line-style": "dashed" } },
      { selector: ".dim", style: { opacity: 0.12 } },
      { selector: "edge.lit", style: { "line-color": "#e6550d", "target-arrow-color": "#e6550d", opacity: 1, width: 2 } },
      { selector: "node.lit", style: { "border-width": 1.5, "border-color": "#e6550d" } },
      { selector: "node.chosen", style: { "border-width": 3, "border-color": "#e6550d" } },
    ];
  }

  function light() {
    if (!state.at) return;
    const near = state.at.includes(".") ? columnEdges(state.at)
      : { up: reach(state.at, (name) => inputs.get(name) || []), down: reach(state.at, (name) => readers.get(name) || []) };
    const isLit = (edge) => [near.up, near.down].some((side) => side.has(edge.source().id()) && side.has(edge.target().id()));
    graph.nodes().not(".box").forEach((node) => {
      node.addClass(near.up.has(node.id()) || near.down.has(node.id()) ? "lit" : "dim");
    });
    graph.edges().forEach((edge) => { edge.addClass(isLit(edge) ? "lit" : "dim"); });
    graph.getElementById(state.at).addClass("chosen");
  }

  async function draw() {
    const mine = ++turn;
    if (!window.cytoscape || !window.ELK) {
      document.querySelector(".lineage-missing").hidden = false;
      return;
    }
    const drawing = state.at && state.at.includes(".") ? columnGraph(state.at) : tableGraph();
    const places = await place(drawing);
    if (mine !== turn) return;  // something else was chosen meanwhile
    if (graph) graph.destroy();
    graph = window.cytoscape({ container: find("lineage-graph"), elements: elements(drawing, places), style: style(),
      layout: { name: "preset", fit: true, padding: 12 }, minZoom: 0.08, maxZoom: 2.5, autoungrabify: true });
    graph.on("tap", "node", (event) => choose(event.target.id()));
    light();
    const lit = graph.nodes(".lit");
    if (lit.nonempty()) graph.fit(lit, 20);
    if (graph.zoom() > 1.2) { graph.zoom(1.2); graph.center(lit.nonempty() ? lit : undefined); }
    window.snowcastGraph = graph;
  }

  // ---- the list beside it

  function make(tag, text, parent) {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  }

  function list(parent, title, places, note) {
    if (!places.length) return;
    make("h4", title, parent);
    const items = make("ul", "", parent);
    for (const one of places) {
      const item = make("li", "", items), button = make("button", note ? columnOf(one) : one, item);
      button.type = "button";
      button.dataset.place = one;
      if (one === state.at) button.className = "is-chosen";
      if (note) make("small", " " + note(one), item);
      button.addEventListener("click", () => choose(one));
    }
  }

  function describe() {
    const panel = find("lineage-panel");
    panel.replaceChildren();
    if (!state.at) {
      const shown = [...shownTables()];
      make("p", shown.length + " of " + data.tables.length + " tables. Choose one:", panel);
      list(panel, "Tables", shown);
      return;
    }
    const table = byName.get(tableOf(state.at));
    const page = make("a", state.at, make("h3", "", panel));
    page.href = "tables/" + table.name + ".html" + (state.at.includes(".") ? "#" + columnOf(state.at).split(":")[0] : "");
    const meaning = new Map(table.columns.map((column) => [table.name + "." + column.name, column.meaning]));
    if (state.at.includes(".")) {
      make("p", meaning.get(state.at) || "", panel);
      const { up, down } = columnEdges(state.at);
      list(panel, "Comes from", [...up].filter((one) => one !== state.at));
      list(panel, "Goes into", [...down].filter((one) => one !== state.at));
    } else {
      make("p", table.layer + ": " + table.grain, panel);
      list(panel, "Made from", inputs.get(state.at) || []);
      list(panel, "Read by", readers.get(state.at) || []);
    }
    list(panel, "Columns of " + table.name, [...meaning.keys()], (one) => meaning.get(one));
  }

  // ---- choosing

  function choose(place) {
    state.at = place;
    const address = new URL(location.href);
    if (place) address.searchParams.set("at", place); else address.searchParams.delete("at");
    history.replaceState(null, "", address);
    find("lineage-search").value = place || "";
    describe();
    draw();
  }

  function known(place) {
    return byName.has(place) || (byName.has(tableOf(place)) && byName.get(tableOf(place)).columns.some(
      (column) => column.name === columnOf(place)));
  }

  function prepare() {
    const names = find("lineage-names"), layers = find("lineage-layers"), tags = new Set();
    for (const table of data.tables) {
      table.tags.forEach((tag) => tags.add(tag));
      for (const place of [table.name, ...table.columns.map((column) => table.name + "." + column.name)]) {
        make("option", "", names).value = place;
      }
    }
    for (const layer of Object.keys(COLOURS)) {
      const label = make("label", "", layers), box = make("input", "", label);
      box.type = "checkbox";
      box.checked = state.layers.has(layer);
      make("i", "", label).style.background = COLOURS[layer];
      label.append(layer.toLowerCase());
      box.addEventListener("change", () => {
        if (box.checked) state.layers.add(layer); else state.layers.delete(layer);
        redraw();
      });
    }
    for (const tag of [...tags].sort()) make("option", tag, find("lineage-tag"));
    find("lineage-tag").addEventListener("change", (event) => { state.tag = event.target.value; redraw(); });
    find("lineage-conditions").addEventListener("change", (event) => { state.conditions = event.target.checked; redraw(); });
    find("lineage-all").addEventListener("click", () => choose(null));
    find("lineage-search").addEventListener("change", (event) => {
      const wanted = event.target.value.trim().toLowerCase();
      if (known(wanted)) choose(wanted);
    });
  }

  function redraw() { describe(); draw(); }

  prepare();
  const asked = (new URL(location.href).searchParams.get("at") || "").toLowerCase();
  choose(known(asked) ? asked : null);
})();
