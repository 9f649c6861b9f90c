// Values as people read them, like the command line writes them.

const counts = new Intl.NumberFormat("en");

export const count = n => (n === null || n === undefined ? "" : counts.format(n));

/** Rows that differ, as a sentence's beginning. */
export const differ = n => `${rows(n)} ${n === 1 ? "differs" : "differ"}`;

export const rows = n => (n === 1 ? "1 row" : `${count(n)} rows`);

/** A duration in its two greatest units: 350 ms, 4.2 s, 3 min 12 s, 5 h 07 min, 2 d 03 h. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const [s, m, h] = [Math.floor(seconds % 60), Math.floor(seconds / 60) % 60, Math.floor(seconds / 3600) % 24];
  if (seconds < 3600) return s ? `${m} min ${String(s).padStart(2, "0")} s` : `${m} min`;
  if (seconds < 86400) return m ? `${h} h ${String(m).padStart(2, "0")} min` : `${h} h`;
  return h ? `${Math.floor(seconds / 86400)} d ${String(h).padStart(2, "0")} h` : `${Math.floor(seconds / 86400)} d`;
}

/** A time of today, or a day and a time. */
export function instant(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  const time = at.toLocaleTimeString("en-GB");
  return at.toDateString() === new Date().toDateString() ? time : `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")} ${time}`;
}

/** How long until an instant; what is past is due. */
export function until(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000;
  return seconds <= 0 ? "due now" : seconds < 60 ? `in ${Math.ceil(seconds)} s` : `in ${duration(Math.ceil(seconds))}`;
}

export const words = text => text.replaceAll("_", " ");
