// Keeps the page up to date: what changes by the second is asked for every 2 seconds, the rest every 10 or when something was done; nothing while nobody looks.

import { order, read, signOut } from "./api.js";
import { datasets } from "./datasets.js";
import { byId, say, show } from "./dom.js";
import { batches, comparisons, quarantine } from "./tables.js";
import { duration, instant, words } from "./words.js";

const [OFTEN, SELDOM, AFTER_FAULT] = [2_000, 10_000, 5_000];
const state = { status: [], worker: null, lag: null, comparisons: null };
let seldomAsked = -Infinity;
let done = "";
let answeredAt = null;
let timer = 0;

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  let wait = OFTEN;
  try {
    const [worker, status] = await Promise.all([read("worker"), read("status")]);
    Object.assign(state, { worker, status: status.datasets });
    const doneNow = JSON.stringify([worker.datasets.map(d => d.lastOrder), status.datasets.map(d => d.quarantinedRows)]);
    if (doneNow !== done || performance.now() - seldomAsked >= SELDOM) {
      const [lag, compared, kept] = await Promise.all([read("lag"), read("reconciliations?limit=50"), read("quarantine?limit=20")]);
      Object.assign(state, { lag: lag.datasets, comparisons: compared.reconciliations });
      comparisons(compared.reconciliations);
      quarantine(kept);
      [seldomAsked, done] = [performance.now(), doneNow];
    }

    answeredAt = new Date();
    show(byId("offline"), false);
    draw();
  } catch (problem) {
    wait = AFTER_FAULT;
    say(byId("offline"), `${problem.code ? `${problem.code} ${problem.message} ${problem.remedy}` : "The worker does not answer."}${answeredAt ? ` What is shown is of ${instant(answeredAt.toISOString())}.` : ""} It is asked again.`);
    show(byId("offline"), true);
    for (const id of ["updated", "summary"]) say(byId(id), "not up to date");
  }
  document.body.classList.toggle("stale", !byId("offline").hidden);
  clearTimeout(timer);
  timer = setTimeout(refresh, wait);
}

function draw() {
  const { worker } = state;
  document.title = `${worker.pipeline} · cdcsync`;
  say(byId("pipeline"), worker.pipeline);
  say(byId("worker"), `${worker.worker} is ${worker.state === "active" ? "at work" : words(worker.state)} · up ${duration(worker.upSeconds)} · ${worker.version}`);
  say(byId("updated"), `as of ${instant(answeredAt.toISOString())}`);
  show(byId("fault"), worker.fault !== null);
  if (worker.fault) say(byId("fault"), `${worker.fault.code} ${worker.fault.title}.${worker.fault.retryInSeconds === null ? "" : " It is tried again."}${worker.fault.command ? ` Run: ${worker.fault.command}` : ""}`);
  show(byId("standby"), worker.state === "standby");
  say(byId("standby"), worker.lease ? `This worker stands by; ${worker.lease.holder} works. Give orders there.` : "This worker stands by, and nobody holds the lease.");
  show(byId("read-only"), !worker.takesOrders);
  show(byId("sign-out"), worker.takesOrders);
  datasets(state, give);
  batches(worker.batches);
}

/** Asks first where an order writes; resolves to the order's parameters, or null. */
function confirmed(name, { ask, parameters = {} }) {
  if (!ask) return Promise.resolve(parameters);
  const dialog = byId("confirm");
  say(byId("confirm-title"), ask.title(name));
  say(byId("confirm-text"), ask.text);
  show(byId("confirm-detail"), Boolean(ask.detail));
  say(byId("confirm-detail"), ask.detail ?? "");
  say(byId("confirm-yes"), ask.yes);
  byId("confirm-check").checked = false;
  show(byId("confirm-extra"), Boolean(ask.check));
  say(byId("confirm-extra").querySelector("span"), ask.check ?? "");
  byId("confirm-input").value = "";
  byId("confirm-input").placeholder = ask.hint ?? "";
  show(byId("confirm-words"), Boolean(ask.input));
  say(byId("confirm-words").querySelector("span"), ask.input ?? "");
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener("close", () => {
    const words = ask.input ? byId("confirm-input").value.trim() : byId("confirm-check").checked ? "true" : "";
    resolve(dialog.returnValue !== "yes" ? null : words ? { ...parameters, [ask.parameter]: words } : parameters);
  }, { once: true }));
}

async function give(name, what) {
  const parameters = await confirmed(name, what);
  if (parameters === null) return;
  const verb = what.label.replace(" …", "").toLowerCase();
  try {
    const answer = await order(what.path, { dataset: name, ...parameters });
    tell(answer.order ? answer.datasets.map(d => `${d.dataset}: ${verb} ${words(d.outlook)}.`).join(" ") || `${name}: nothing to do.` : `${answer.datasets.join(", ")}: ${answer.isPaused ? "paused" : "goes on"}.`, false);
  } catch (problem) {
    tell(`${name}: ${verb} was refused. ${problem.code ?? ""} ${problem.message} ${problem.remedy ?? ""}`, true);
  }
  seldomAsked = -Infinity;
  refresh();
}

function tell(text, isProblem) {
  const said = byId("said");
  said.classList.toggle("bad", isProblem);
  show(said, true);
  say(said, text);
}

// Enter means no, but for who has just written what is meant.
byId("confirm-input").addEventListener("keydown", event => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  byId("confirm").close("yes");
});
byId("sign-out").addEventListener("click", async () => {
  await signOut();
  location.reload();
});
document.addEventListener("visibilitychange", refresh);
refresh();
