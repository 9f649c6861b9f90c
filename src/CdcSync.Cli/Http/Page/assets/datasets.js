// A card per dataset, made once and then only changed where something is new: focus and open menus stay.

import { byId, make, say, show } from "./dom.js";
import { draw } from "./sparkline.js";
import { count, differ, duration, instant, rows, until, words } from "./words.js";

const cards = new Map();

/** How a dataset stands: a class, a sign that does not need its colour, and words. Grave first. */
function standing(status, worker, comparison) {
  if (status.state === "resync_required") return ["bad", "✖", "resync required"];
  if (status.state === "blocked") return ["bad", "✖", "blocked"];
  if (status.state === "failing") return ["bad", "✖", "failing"];
  if (status.isPaused) return ["warn", "❚❚", "paused"];
  if (status.isFresh === false) return ["warn", "!", "late"];
  if (status.failedChecks.some(check => check.severity === "error")) return ["bad", "✖", "checks failed"];
  if (status.failedChecks.length > 0) return ["warn", "!", "checks failed"];
  if (comparison?.outcome === "drift") return ["warn", "!", "drift"];
  if (status.quarantinedRows > 0) return ["warn", "!", "rows in quarantine"];
  if (worker?.activity && worker.activity !== "idle" && worker.activity !== "syncing") return ["busy", "…", worker.activity];
  if (status.state === "snapshot") return ["busy", "…", "first load"];
  if (status.state === "new") return ["busy", "…", "new"];
  return ["good", "✔", status.isFresh ? "fresh" : words(status.state)];
}

const ORDERS = {
  sync: { label: "Sync now", path: "sync" },
  compare: { label: "Compare", path: "reconcile" },
  repair: { label: "Repair …", path: "reconcile", parameters: { repair: "true" }, ask: { title: name => `Make ${name} equal?`, text: "Source and warehouse are compared, and rows of the warehouse that differ are written or deleted. The delete breaker holds.", yes: "Repair" } },
  retry: { label: "Retry quarantine", path: "quarantine/retry" },
  resync: { label: "Load anew …", path: "resync", ask: { title: name => `Load ${name} anew?`, text: "It is read whole beside the live table, and the difference is published in one transaction. What is no longer in the source is deleted.", yes: "Load anew", check: "let it delete more than the breaker allows", parameter: "acceptDeletes" } },
  backfill: { label: "Backfill …", path: "backfill", ask: { title: name => `Read rows of ${name} again?`, text: "They are read from the source and published; what it has no longer is deleted.", yes: "Backfill", input: "Only rows where", hint: "id=1000..2000", parameter: "range" } },
  accept: { label: "Accept …", path: "sync" },
  pause: { label: "Pause", path: "pause" },
  resume: { label: "Resume", path: "resume" },
};

// What a person may let through, by the error that a dataset is blocked with.
const ACCEPTS = {
  CDC5001: { parameters: { acceptDeletes: "true" }, text: "More rows would be deleted than the breaker allows, or the source came up empty. Look at the source first: what is published can't be taken back here." },
  CDC5005: { parameters: { acceptVolume: "true" }, text: "The volume is far from the usual. Look at the source first." },
  CDC2020: { parameters: { acceptSchema: "true" }, text: "The source's columns changed in a way that the contract freezes. Rows are read by the columns that the contract names." },
};

/** The order that lets through what a dataset is blocked with; null where there is none. */
function acceptance(status) {
  const what = status.state === "blocked" ? ACCEPTS[status.error?.code] : null;
  return what ? { ...ORDERS.accept, parameters: what.parameters, ask: { title: name => `Publish ${name} as it is?`, text: `${what.text} It is let through once, and recorded.`, detail: `${status.error.code} ${status.error.message}`, yes: "Publish" } } : null;
}

function create(name, give) {
  const id = `dataset-${cards.size}`;
  const parts = { state: make("span", { class: "state" }), error: make("p", { class: "error", hidden: "" }), failed: make("ul", { class: "failed", hidden: "" }), load: make("progress", { hidden: "" }), note: make("p", { class: "quiet note", hidden: "" }) };
  const values = make("dl");
  for (const [key, label] of [["lag", "Lag"], ["rows", "Rows merged"], ["drift", "Drift"], ["quarantine", "Quarantine"], ["checks", "Checks"], ["next", "Next run"], ["commit", "Last commit"]]) {
    parts[key] = make("dd");
    values.append(make("div", {}, make("dt", {}, label), parts[key]));
  }
  parts.spark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  parts.spark.setAttribute("role", "img");
  parts.spark.setAttribute("class", "spark");

  parts.buttons = {};
  const close = isByKey => {
    if (!parts.more.open) return;
    parts.more.open = false;
    if (isByKey) parts.more.firstElementChild.focus();
  };
  const button = key => {
    parts.buttons[key] = make("button", { type: "button", "aria-describedby": id }, ORDERS[key].label);
    parts.buttons[key].addEventListener("click", () => {
      close(false);
      give(name, key === "accept" ? parts.acceptance : ORDERS[key]);
    });
    return parts.buttons[key];
  };
  parts.more = make("details", { class: "more" }, make("summary", { "aria-label": `More orders for ${name}` }, "More"), make("div", {}, button("repair"), button("backfill"), button("retry"), button("resync")));
  parts.more.addEventListener("keydown", event => event.key === "Escape" && close(true));
  parts.more.addEventListener("focusout", event => event.relatedTarget && !parts.more.contains(event.relatedTarget) && close(false));
  parts.actions = make("div", { class: "buttons", role: "group", "aria-label": `Orders for ${name}` }, button("accept"), button("sync"), button("compare"), button("pause"), button("resume"), parts.more);
  parts.card = make("li", { "data-dataset": name }, make("article", { "aria-labelledby": id },
    make("div", { class: "head" }, make("h3", { id }, name), parts.state, parts.note), parts.spark, values, parts.load, parts.error, parts.failed, parts.actions));
  return parts;
}

function nextRun(status, worker) {
  if (worker?.waiting) return `${words(worker.waiting)} waits`;
  if (worker && worker.activity !== "idle") return `${worker.activity} …`;
  const at = worker?.nextPollAt ?? status.nextRunAt;
  return at ? until(at) : status.isPaused ? "after a resume" : status.state === "resync_required" ? "after a resync" : status.schedule ?? "";
}

function drift(comparison) {
  if (!comparison) return "not compared";
  const r = comparison.report;
  const left = r.missing + r.different + r.extra - r.repaired;
  return comparison.outcome === "equal" ? `equal at ${instant(comparison.finishedAt)}` : left > 0 ? differ(left) : `${count(r.repaired)} repaired at ${instant(comparison.finishedAt)}`;
}

function lastOrder(last, shown) {
  if (!last) return "";
  if (last.error) return `${words(last.order)} failed at ${instant(last.at)}: ${last.error.code}${last.error.code === shown?.code ? "" : ` ${last.error.message}`}`;
  return last.outcome === "drift" ? `${words(last.order)} at ${instant(last.at)}: ${differ(last.missing + last.different + last.extra - last.repaired)}` : `${words(last.order)} at ${instant(last.at)}: ${last.outcome}`;
}

function update(parts, { status, worker, lag, comparison, takesOrders }) {
  const [kind, sign, word] = standing(status, worker, comparison);
  parts.card.dataset.kind = kind;
  parts.state.className = `state ${kind}`;
  say(parts.state, `${sign} ${word}`);
  // The worker that works knows by the second what the warehouse has written every 30.
  const lagSeconds = worker?.lagSeconds ?? status.lagSeconds;
  say(parts.lag, lagSeconds === null ? "not known yet" : `${duration(lagSeconds)}${status.freshnessTargetSeconds === null ? "" : ` of ${duration(status.freshnessTargetSeconds)}`}`);
  say(parts.rows, count(worker?.rowsMerged ?? null) + (worker?.rowsPerSecond >= 1 ? ` · ${count(Math.round(worker.rowsPerSecond))}/s` : ""));
  say(parts.drift, drift(comparison));
  parts.drift.className = comparison?.outcome === "drift" ? "bad" : "";
  say(parts.quarantine, status.quarantinedRows === 0 ? "empty" : rows(status.quarantinedRows));
  parts.quarantine.className = status.quarantinedRows > 0 ? "warn" : "";
  const failed = status.failedChecks.map(check => `${check.check}: found ${check.value ?? "no answer"}, expected ${check.expected}`);
  say(parts.checks, failed.length === 0 ? "none failed" : `${failed.length} failed`);
  parts.checks.className = failed.length > 0 ? "bad" : "";
  show(parts.failed, failed.length > 0);
  if (parts.failed.textContent !== failed.join("")) parts.failed.replaceChildren(...failed.map(text => make("li", {}, text)));
  say(parts.next, nextRun(status, worker));
  say(parts.commit, status.lastCommitAt ? instant(status.lastCommitAt) : "none yet");
  if (lag) draw(parts.spark, lag.seconds, lag.targetSeconds);

  show(parts.load, Boolean(worker?.load));
  if (worker?.load) {
    Object.assign(parts.load, { max: worker.load.ranges, value: worker.load.rangesDone });
    parts.load.setAttribute("aria-label", `First load: ${worker.load.rangesDone} of ${worker.load.ranges} ranges`);
  }

  show(parts.error, Boolean(status.error));
  if (status.error) say(parts.error, `${status.error.code} ${status.error.message}`);
  const note = lastOrder(worker?.lastOrder, status.error);
  show(parts.note, note !== "");
  say(parts.note, note);

  show(parts.actions, takesOrders);
  show(parts.buttons.pause, !status.isPaused);
  show(parts.buttons.resume, status.isPaused);
  show(parts.buttons.sync, !status.isPaused && status.state !== "resync_required");
  show(parts.buttons.compare, !status.isPaused && !["resync_required", "new", "snapshot"].includes(status.state));
  show(parts.buttons.repair, !parts.buttons.compare.hidden);
  show(parts.buttons.backfill, !parts.buttons.compare.hidden);
  parts.acceptance = acceptance(status);
  show(parts.buttons.accept, parts.acceptance !== null && !status.isPaused);
  show(parts.buttons.retry, status.quarantinedRows > 0 && !parts.buttons.compare.hidden);
  show(parts.more, !status.isPaused);
  show(parts.spark, Boolean(lag));
}

function filter() {
  const [text, only] = [byId("find").value.trim().toLowerCase(), byId("only-trouble").checked];
  for (const [name, { card }] of cards) show(card, name.toLowerCase().includes(text) && (!only || ["bad", "warn"].includes(card.dataset.kind)));
}

/** Shows all datasets; give(name, order) is called for a button. */
export function datasets(state, give) {
  const list = byId("datasets");
  for (const status of state.status) {
    let parts = cards.get(status.dataset);
    if (!parts) {
      parts = create(status.dataset, give);
      cards.set(status.dataset, parts);
      list.append(parts.card);
    }
    const worker = state.worker?.datasets.find(d => d.dataset === status.dataset);
    update(parts, {
      status, worker, lag: state.lag?.find(l => l.dataset === status.dataset), comparison: state.comparisons?.find(c => c.dataset === status.dataset),
      takesOrders: Boolean(state.worker?.takesOrders) && status.isConfigured,
    });
  }

  show(byId("filter"), cards.size > 8);
  filter();
  const kinds = [...cards.values()].map(parts => parts.card.dataset.kind);
  const trouble = kinds.filter(kind => kind === "bad" || kind === "warn").length;
  say(byId("summary"), `${kinds.length}, ${trouble === 0 ? "all well" : `${trouble} ${trouble === 1 ? "needs" : "need"} attention`}`);
}

for (const id of ["find", "only-trouble"]) byId(id).addEventListener("input", filter);
byId("filter").addEventListener("submit", event => event.preventDefault());
