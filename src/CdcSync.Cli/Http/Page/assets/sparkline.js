// Lag over time against its target, as a small drawing.

import { duration } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEAST] = [180, 36, 30];

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Draws samples, oldest first; null where nothing was known. The line ends at the right edge, now. */
export function draw(svg, samples, target) {
  const known = samples.filter(s => s !== null);
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  if (known.length === 0) {
    svg.setAttribute("aria-label", "Lag over time: nothing is known yet");
    return;
  }

  const most = Math.max(...known);
  // The target is in the picture once lag comes near it; far below, it would flatten the line.
  const showsTarget = target !== null && most * 3 > target;
  const top = Math.max(most, showsTarget ? target : 0, 0.001) * 1.1;
  const y = value => (HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1);
  const x = i => (WIDTH - ((samples.length - 1 - i) / (Math.max(samples.length, LEAST) - 1)) * WIDTH).toFixed(1);
  if (showsTarget) svg.append(shape("line", { x1: 0, x2: WIDTH, y1: y(target), y2: y(target), class: "target" }));
  let path = "";
  samples.forEach((value, i) => {
    if (value !== null) path += `${path && samples[i - 1] !== null ? "L" : "M"}${x(i)} ${y(value)}`;
  });
  const late = target !== null && known.at(-1) > target ? "late" : "lag";
  svg.append(shape("path", { d: path, class: late }));
  // A line without length and with round ends is a dot, however the drawing is stretched.
  if (samples.at(-1) !== null) svg.append(shape("path", { d: `M${x(samples.length - 1)} ${y(samples.at(-1))}h0`, class: `${late} dot` }));
  svg.setAttribute("aria-label", `Lag over the last ${duration(known.length * 10)}: ${duration(Math.min(...known))} to ${duration(most)}${target === null ? "" : `, target ${duration(target)}`}`);
}
