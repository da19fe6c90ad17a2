// A figure as a file of its own, made when it is asked for, so that the page holds each picture once: the colours are
// those of a white page, written out, so that any program can read it.
const light = document.styleSheets[0].cssRules[0].style;
const fileOf = (plot) => {
  const copy = plot.cloneNode(true);
  const value = (name) => (light.getPropertyValue(name) || plot.style.getPropertyValue(name)).trim();
  for (const part of [copy, ...copy.querySelectorAll("[style]")]) {
    // as text: what a browser reads and writes again may say it in other words
    part.setAttribute("style", part.getAttribute("style").replace(/var\((--\w+)\)/g, (_, name) => value(name)));
  }
  const text = new XMLSerializer().serializeToString(copy);
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
};
for (const link of document.querySelectorAll("a.svgfile")) {
  const plot = link.closest("figure").querySelector("svg.plot");
  const make = () => { link.href = fileOf(plot); };
  for (const event of ["pointerdown", "focus", "click"]) link.addEventListener(event, make, { once: true });
  link.href = "#";
  link.hidden = false;
}
