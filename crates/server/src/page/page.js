"use strict";
// Asks for stats.json every two seconds and shows it. Nothing is kept but the last five minutes of
// this tab; nothing is sent anywhere.

const PERIOD = 2000;
const HISTORY = 150;
const READS = ["get", "head", "batch_read"];
const WRITES = ["put", "delete", "batch_write"];
const ENDS = ["within a minute", "10 minutes", "an hour", "a day", "a week", "later"];

const history = [];
let before = null;

const byId = (id) => document.getElementById(id);
const say = (id, text) => { byId(id).textContent = text; };
const sum = (list, of) => list.reduce((all, one) => all + of(one), 0);

function number(n) {
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (n >= size) { return (n / (unit === "k" ? 1e3 : size)).toFixed(1) + " " + unit; }
  }
  return Number.isInteger(n) ? String(n) : n.toFixed(1);
}

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) { n /= 1024; unit += 1; }
  return (unit === 0 ? n : n.toFixed(1)) + " " + units[unit];
}

function micros(us) {
  if (us === null) { return "more than 5 s"; }
  if (us >= 1e6) { return us / 1e6 + " s"; }
  return us >= 1000 ? us / 1000 + " ms" : us + " µs";
}

function span(ms) {
  for (const [size, unit] of [[86400000, "d"], [3600000, "h"], [60000, "min"], [1000, "s"]]) {
    if (ms >= size) { return Math.floor(ms / size) + " " + unit; }
  }
  return "0 s";
}

function together(stats, names) {
  const chosen = stats.operations.filter((one) => names.includes(one.operation));
  const buckets = (chosen[0] ? chosen[0].buckets : []).map((_, i) => sum(chosen, (one) => one.buckets[i]));
  return { requests: sum(chosen, (one) => one.requests), buckets };
}

function element(kind, name, text) {
  const made = document.createElement(kind);
  if (name) { made.className = name; }
  if (text !== undefined) { made.textContent = text; }
  return made;
}

function drawTiles(stats, totals) {
  say("entries", number(totals.entries));
  say("counts", stats.counts === "complete" ? "all that the store holds" : "written since the start");
  say("bytes", bytes(totals.bytes));
  say("mean", totals.entries ? bytes(Math.round(totals.bytes / totals.entries)) + " on average" : "");
  const asked = totals.hits + totals.misses;
  say("rate", asked ? (100 * totals.hits / asked).toFixed(1) + " %" : "–");
  say("asked", asked ? "of " + number(asked) + " names" : "nothing asked yet");
  const last = history[history.length - 1];
  say("requests", last ? number(Math.round(last.requests)) + " /s" : number(totals.requests));
  const refused = sum(stats.refusals.filter((one) => one.code !== "not_found"), (one) => one.requests);
  say("refused", number(totals.requests) + " in all, " + number(refused) + " refused");
  const reads = stats.operations.find((one) => one.operation === "get")
    || stats.operations.find((one) => one.operation === "batch_read");
  say("median", reads ? micros(reads.p50_us) : "–");
  say("slowest", reads ? "99 % within " + micros(reads.p99_us) : "");
  say("connections", number(stats.connections));
  say("listeners", "of " + number(stats.most_connections) + "; " + stats.listeners + " listening");
}

function drawTraffic() {
  const box = byId("traffic");
  const [width, height] = [600, 160];
  const most = Math.max(1, ...history.map((one) => one.hits + one.misses));
  const made = (kind, name, attributes) => {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", kind);
    shape.setAttribute("class", name);
    for (const [key, value] of Object.entries(attributes)) { shape.setAttribute(key, value); }
    return shape;
  };
  const shapes = [0.25, 0.5, 0.75, 1].map((part) =>
    made("line", "grid", { x1: 0, x2: width, y1: height * part, y2: height * part }));
  const slots = Math.max(30, history.length);
  const slot = width / slots;
  history.forEach((one, i) => {
    const x = width - (history.length - i) * slot;
    const [hits, misses] = [one.hits, one.misses].map((n) => (height - 4) * n / most);
    const bar = { x: x + slot * 0.1, width: slot * 0.8 };
    shapes.push(made("rect", "hit", { ...bar, y: height - hits, height: hits }));
    shapes.push(made("rect", "miss", { ...bar, y: height - hits - misses, height: misses }));
  });
  box.replaceChildren(...shapes);
  say("since", span(slots * PERIOD) + " ago; the top is " + number(Math.round(most)) + " /s");
}

function drawEnds(stats) {
  const most = Math.max(1, ...stats.ends.map((one) => one.entries));
  byId("ends").replaceChildren(...stats.ends.map((one, i) => {
    const row = element("div", "bar");
    const track = element("span", "track");
    const fill = element("span", "fill");
    fill.style.width = 100 * one.entries / most + "%";
    track.append(fill);
    row.append(element("span", "", ENDS[i]), track, element("span", "", number(one.entries)));
    return row;
  }));
}

function drawLatency(stats) {
  const [reads, writes] = [together(stats, READS), together(stats, WRITES)];
  const most = (kind) => Math.max(1, ...kind.buckets);
  const count = Math.max(reads.buckets.length, writes.buckets.length);
  byId("latency").replaceChildren(...Array.from({ length: count }, (_, i) => {
    const column = element("div");
    for (const [kind, name] of [[reads, "read"], [writes, "write"]]) {
      const bar = element("b", name);
      bar.style.height = 100 * (kind.buckets[i] || 0) / most(kind) + "%";
      column.append(bar);
    }
    return column;
  }));
}

function drawSpaces(stats) {
  byId("spaces").replaceChildren(...stats.spaces.map((one) => {
    const row = element("tr");
    const cells = [one.name, number(one.entries), bytes(one.bytes), number(one.hits),
      number(one.misses), number(one.writes), bytes(one.bytes_in), bytes(one.bytes_out)];
    row.append(...cells.map((text) => element("td", "", text)));
    return row;
  }));
}

function draw(stats) {
  const totals = { requests: sum(stats.operations, (one) => one.requests), at: stats.uptime_ms };
  for (const key of ["entries", "bytes", "hits", "misses"]) {
    totals[key] = sum(stats.spaces, (one) => one[key]);
  }
  if (before && totals.at > before.at) {
    const seconds = (totals.at - before.at) / 1000;
    const grown = (key) => Math.max(0, totals[key] - before[key]) / seconds;
    history.push({ hits: grown("hits"), misses: grown("misses"), requests: grown("requests") });
    if (history.length > HISTORY) { history.shift(); }
  }
  // A server that was started again counts from nothing.
  before = totals;
  say("version", stats.version);
  say("state", stats.store + ", up " + span(stats.uptime_ms));
  byId("state").className = "state good";
  drawTiles(stats, totals);
  drawTraffic();
  drawEnds(stats);
  drawLatency(stats);
  drawSpaces(stats);
}

async function look() {
  try {
    const answer = await fetch("stats.json", { cache: "no-store" });
    if (!answer.ok) { throw new Error("status " + answer.status); }
    draw(await answer.json());
  } catch (error) {
    say("state", "the server does not answer");
    byId("state").className = "state bad";
  }
  setTimeout(look, PERIOD);
}

look();
