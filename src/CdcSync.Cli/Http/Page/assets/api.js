// Asks the worker. The browser sends the session's cookie by itself.

const PATIENCE = 10_000;

export class Problem extends Error {
  constructor(status, { detail, remedy, code }) {
    super(detail);
    Object.assign(this, { status, remedy, code });
  }
}

async function ask(path, options) {
  const answer = await fetch(path, { ...options, cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status === 401) {
    location.reload();                       // signed out: the way in is at the same address
    throw new Problem(401, { detail: "Signed out." });
  }
  if (answer.status === 204) return null;
  const document = await answer.json();
  if (!answer.ok) throw new Problem(answer.status, document);
  return document;
}

export const read = path => ask(`/api/v1/${path}`);

export const order = (path, parameters) => ask(`/api/v1/${path}?${new URLSearchParams(parameters)}`, { method: "POST" });

export const signOut = () => ask("/session/end", { method: "POST" });
