// What the tests ask a page about itself. Colours are as they are computed; WCAG 2.2 has the formulas.
var channels = color => color.match(/[\d.]+/g).map(Number);
var light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
var contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
var faded = (color, element) => {
  const ground = channels(getComputedStyle(document.body).backgroundColor);
  let opacity = 1;
  for (let e = element; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
  return color.slice(0, 3).map((c, i) => c * opacity + ground[i] * (1 - opacity));
};
// The nearest background that is painted.
var behind = element => {
  for (let e = element; e; e = e.parentElement) {
    const color = channels(getComputedStyle(e).backgroundColor);
    if (color.length < 4 || color[3] > 0) return faded(color, e);
  }
  return [255, 255, 255];
};
var short = text => text.trim().replace(/\s+/g, " ").slice(0, 40);

// Behind an open dialog nothing can be reached.
var shown = selector => [...(document.querySelector("dialog[open]") ?? document).querySelectorAll(selector)].filter(e => e.checkVisibility({ visibilityProperty: true }));
var controls = () => shown("a[href], button, summary, input, select, textarea, [tabindex='0']").filter(e => !e.disabled && e.getAttribute("tabindex") !== "-1");
var byIds = ids => (ids ?? "").split(" ").map(id => document.getElementById(id)?.textContent ?? "").join(" ");
var nameOf = e => short(e.getAttribute("aria-label") || byIds(e.getAttribute("aria-labelledby")) || [...(e.labels ?? [])].map(l => l.textContent).join(" ") || (e.matches("input") ? "" : e.textContent));

var faint = () => shown("body *, dialog *").filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => [e, contrast(faded(channels(getComputedStyle(e).color), e), behind(e))])
  .filter(([, ratio]) => ratio < 4.5).map(([e, ratio]) => `the text '${short(e.textContent)}' stands out by ${ratio.toFixed(2)}`);
// A control is known by its edge or by its ground; checkboxes are drawn by the browser, links and regions are known by their text.
var edgeless = () => controls().filter(e => e.matches("button, summary, input:not([type=checkbox])")).map(e => {
  const [style, around] = [getComputedStyle(e), behind(e.parentElement)];
  return [e, Math.max(style.borderTopStyle === "none" ? 0 : contrast(faded(channels(style.borderTopColor), e), around), contrast(behind(e), around))];
}).filter(([, ratio]) => ratio < 3).map(([e, ratio]) => `the edge of '${nameOf(e)}' stands out by ${ratio.toFixed(2)}`);
var nameless = () => controls().filter(e => !nameOf(e)).map(e => `a control has no name: ${e.outerHTML.slice(0, 80)}`);
// 24 by 24 pixels, of the control or of its label, which can be tapped on as well.
var isSmall = r => r.width < 24 || r.height < 24;
var small = () => controls().filter(e => !e.matches(".skip") && [e, e.closest("label") ?? e].every(target => isSmall(target.getBoundingClientRect())))
  .map(e => `'${nameOf(e)}' is ${Math.round(e.getBoundingClientRect().width)} by ${Math.round(e.getBoundingClientRect().height)} pixels`);
var wide = () => {
  const found = document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} pixels wide in a window of ${innerWidth}`] : [];
  const dialog = document.querySelector("dialog[open]");
  if (!dialog) return found;
  const r = dialog.getBoundingClientRect();
  if (r.left < 8 || r.right > innerWidth - 8 || r.top < 0 || r.bottom > innerHeight || dialog.scrollWidth > dialog.clientWidth) found.push(`the dialog is from ${Math.round(r.left)} to ${Math.round(r.right)} in a window of ${innerWidth}`);
  return found;
};
var unnamedPictures = () => shown("svg, img, [role=img], progress, [role=region]").filter(e => !nameOf(e)).map(e => `a picture has no words: ${e.outerHTML.slice(0, 80)}`);
var looks = () => [...faint(), ...edgeless(), ...nameless(), ...small(), ...wide(), ...unnamedPictures()];

var beforeFirst = () => {
  const first = controls()[0];
  first.focus();
  const before = document.createElement("span");
  before.tabIndex = -1;
  first.before(before);
  before.focus();
  before.addEventListener("blur", () => before.remove());
};
var focused = () => {
  const e = document.activeElement;
  const style = getComputedStyle(e);
  return { name: nameOf(e), isShown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && contrast(faded(channels(style.outlineColor), e), behind(e.parentElement)) >= 3 };
};
