// The few helpers that building and updating elements needs. What is shown is always text, never markup.

export const byId = id => document.getElementById(id);

/** An element: make("p", { class: "quiet" }, "text", child, …); null children are left out. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter(child => child !== null));
  return element;
}

/** Changes text only where it is another: a selection and a screen reader stay where they are. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, isShown) {
  if (element.hidden === isShown) element.hidden = !isShown;
}
