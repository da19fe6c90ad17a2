// Points of a picture: the one nearest to the pointer, or the focused one, tells its numbers and marks its row.
for (const chart of document.querySelectorAll(".chart")) {
  const [near, upon] = [30, 12]; // pixels
  const points = [...chart.querySelectorAll(".point")];
  const mark = (model, on) => {
    for (const each of document.querySelectorAll(`:is(.board tr, .point)[data-model="${model}"]`)) each.classList.toggle("lit", on);
  };
  let told = null;
  const tell = (point) => {
    if (told === point) return;
    if (told) { told.classList.remove("told"); mark(told.dataset.model, false); }
    told = point;
    if (point) { point.classList.add("told"); mark(point.dataset.model, true); }
  };
  const nearest = (event, within = near) => {
    const away = points.map((point) => {
      const box = point.getBoundingClientRect();
      return Math.hypot(event.clientX - box.x - box.width / 2, event.clientY - box.y - box.height / 2);
    });
    const least = Math.min(...away);
    return least <= within ? points[away.indexOf(least)] : null;
  };
  const focused = () => points.find((point) => point === document.activeElement) ?? null;
  chart.classList.add("live");
  chart.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    // who reads a tip stays with it, but for a point that it covers
    if (event.target.closest(".tip")) tell(nearest(event, upon) ?? told);
    else tell(nearest(event));
  });
  chart.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") tell(focused()); });
  chart.addEventListener("focusin", (event) => { if (event.target.matches(".point:focus-visible")) tell(event.target); });
  chart.addEventListener("focusout", () => tell(null));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tell(null); });
  // a finger can't hover: the first touch tells, the second one follows the link
  let before = null;
  document.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    before = told;
    tell(chart.contains(event.target) ? nearest(event) : null);
  });
  chart.addEventListener("click", (event) => {
    const point = event.target.closest(".point");
    if (point && event.detail && event.pointerType === "touch" && before !== point) event.preventDefault();
  });
  for (const row of document.querySelectorAll(".board tr[data-model]")) {
    row.addEventListener("pointerenter", () => mark(row.dataset.model, true));
    row.addEventListener("pointerleave", () => mark(row.dataset.model, false));
  }
}
