// Batches, comparisons and quarantine.

import { byId, make, say } from "./dom.js";
import { count, duration, instant, rows, words } from "./words.js";

const STAGES = ["read", "land", "stage", "publish"];
const drawn = new Map();

const number = value => make("td", { class: "number" }, count(value));

/** Draws a body's rows where they are others than before. */
function fill(id, list, columns, none, row) {
  const text = JSON.stringify(list);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  byId(id).replaceChildren(...(list.length ? list.map(row) : [make("tr", {}, make("td", { colspan: columns, class: "quiet" }, none))]));
}

function stages(seconds) {
  const sum = STAGES.reduce((all, stage) => all + (seconds[stage] ?? 0), 0);
  const bar = make("span", { class: "stages", role: "img", "aria-label": STAGES.map(stage => `${stage} ${duration(seconds[stage] ?? 0)}`).join(", ") });
  for (const stage of STAGES) {
    const part = make("i", { class: stage });
    part.style.flexGrow = sum > 0 ? String((seconds[stage] ?? 0) / sum) : "0";
    bar.append(part);
  }
  bar.title = bar.getAttribute("aria-label");
  return bar;
}

export function batches(list) {
  fill("batches", list, 10, "None since it was started.", b => make("tr", {},
    make("td", {}, instant(b.committedAt)), make("td", {}, b.dataset), make("td", {}, `${b.kind} ${b.generation}`), number(b.rowsRead), number(b.inserted), number(b.updated), number(b.deleted + b.erased), number(b.quarantined),
    make("td", { class: "number" }, duration(Object.values(b.stageSeconds).reduce((a, s) => a + s, 0))), make("td", {}, stages(b.stageSeconds))));
}

export function comparisons(list) {
  fill("comparisons", list, 9, "None yet.", c => make("tr", {},
    make("td", {}, instant(c.finishedAt)), make("td", {}, c.dataset), make("td", { class: c.outcome === "drift" ? "bad" : "" }, `${c.outcome}${c.mode === "digest" ? "" : ` (${c.mode})`}`),
    number(c.report.missing), number(c.report.different), number(c.report.extra), number(c.report.repaired), number(c.report.inFlight), make("td", { class: "number" }, duration(c.report.seconds))));
}

export function quarantine(document) {
  say(byId("quarantine-rows"), document.rows === 0 ? "" : document.rows > document.entries.length ? `${count(document.entries.length)} of ${rows(document.rows)}` : rows(document.rows));
  fill("quarantine", document.entries, 6, "Nothing is in quarantine.", e => make("tr", {},
    make("td", {}, instant(e.lastSeenAt)), make("td", {}, e.dataset), make("td", {}, make("code", {}, e.key)), make("td", {}, words(e.rule)), make("td", {}, e.column), make("td", {}, e.reason)));
}
