// What a reader does on pages, by mouse, keyboard, finger, and without a script.
import { readFileSync } from "node:fs";

const shownTips = (page) => page.locator(".tip").evaluateAll((tips) => tips
  .filter((tip) => getComputedStyle(tip).visibility === "visible")
  .map((tip) => {
    const box = tip.getBoundingClientRect();
    return { model: tip.previousElementSibling.dataset.model, text: tip.innerText, left: box.left, right: box.right, width: innerWidth };
  }));

const lit = (page) => page.locator(".board tr.lit").evaluateAll((rows) => rows.map((row) => row.dataset.model));

const middle = async (locator) => {
  const box = await locator.boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
};

// the one tip that is shown is the model's, whole within the page, and says what its link is called
async function told(page, model, how, problems, { row = true } = {}) {
  const tips = await shownTips(page);
  if (tips.length !== 1 || tips[0].model !== model) problems.push(`${how} on ${model} shows ${JSON.stringify(tips.map((t) => t.model))}`);
  for (const tip of tips) {
    if (tip.left < 0 || tip.right > tip.width) problems.push(`the tip of ${tip.model} is cut: ${tip.left} to ${tip.right} of ${tip.width}`);
    const name = await page.locator(`.point[data-model="${model}"]`).getAttribute("aria-label");
    const score = /\d+\.\d+ \[.*?\]/.exec(name)?.[0] ?? "";
    if (!tip.text.includes(score)) problems.push(`the tip of ${model} says ${tip.text}, its link ${name}`);
  }
  if (row && JSON.stringify(await lit(page)) !== JSON.stringify([model])) problems.push(`${how} on ${model} marks rows ${await lit(page)}`);
}

export async function points(page) {
  const problems = [];
  const all = page.locator(".point");
  const models = await all.evaluateAll((links) => links.map((link) => link.dataset.model));
  if (!models.length) return ["the picture has no points"];
  for (const model of models) {
    const point = page.locator(`.point[data-model="${model}"]`);
    await point.scrollIntoViewIfNeeded();
    await page.mouse.move(...(await middle(point)));
    await told(page, model, "hovering", problems);
  }
  await page.keyboard.press("Escape");
  if ((await shownTips(page)).length) problems.push("Escape leaves the tip");
  await page.mouse.move(1, 1);
  if ((await lit(page)).length) problems.push("a row stays marked when the pointer has left");
  const reached = [];
  for (const [place, model] of models.entries()) {
    // from what stands before the first point, one key at a time
    if (place === 0) await page.locator(".chart").evaluate((chart) => { chart.tabIndex = -1; chart.focus(); });
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement.dataset.model));
    await told(page, model, "focus", problems);
  }
  if (JSON.stringify(reached) !== JSON.stringify(models)) problems.push(`Tab reaches ${reached}, in order are ${models}`);
  const places = await all.evaluateAll((links) => links.map((link) => link.getBoundingClientRect().x));
  if (places.some((x, i) => i && x < places[i - 1] - 1)) problems.push(`points are not in order from left to right: ${places}`);
  await page.evaluate(() => document.activeElement.blur());
  return problems;
}

// figures saved as files, by mouse and by keyboard: SVG that stands alone, in the same colours whatever the page's
export async function figures(page) {
  const problems = [];
  const links = await page.locator("a.svgfile").all();
  for (const link of new Set([links[0], links.at(-1)].filter(Boolean))) {
    const name = await link.getAttribute("aria-label");
    const saved = [];
    for (const [colorScheme, act] of [["light", () => link.click()], ["dark", () => link.press("Enter")]]) {
      await page.emulateMedia({ colorScheme });
      const wait = page.waitForEvent("download", { timeout: 5000 }).catch(() => null);
      await act();
      const download = await wait;
      if (!download) { problems.push(`${name}: nothing is saved`); continue; }
      if (!download.suggestedFilename().endsWith(".svg")) problems.push(`${name} is saved as ${download.suggestedFilename()}`);
      saved.push(readFileSync(await download.path(), "utf8"));
    }
    if (saved.length !== 2 || saved[0] !== saved[1]) problems.push(`${name}: the file depends on the page's colours`);
    problems.push(...(await page.evaluate(([texts, label]) => texts.flatMap((text) => {
      const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
      const colours = [...text.matchAll(/(?:fill|stroke): (?!none|url)([^;"]*)/g)].map((match) => match[1]);
      const odd = colours.filter((colour) => !/^#[0-9a-f]{6}$/.test(colour));
      return [
        ...(root.localName === "svg" ? [] : [`${label}: no SVG: ${text.slice(0, 80)}`]),
        ...(text.includes("var(--") ? [`${label}: leans on the page's colours`] : []),
        ...(!colours.length || odd.length ? [`${label}: colours ${odd}`] : []),
        ...(label === `SVG of ${root.querySelector("title")?.textContent}` ? [] : [`${label} is a file of ${root.querySelector("title")?.textContent}`]),
      ];
    }), [saved, name])));
  }
  await page.emulateMedia({ colorScheme: "light" });
  return problems;
}

export async function touch(browser, address) {
  const problems = [];
  const context = await browser.newContext({ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
  const page = await context.newPage();
  await page.goto(address);
  const last = page.locator(".point").last();
  if (!(await last.count())) return ["the picture has no points"];
  const model = await last.getAttribute("data-model");
  await last.scrollIntoViewIfNeeded();
  await page.touchscreen.tap(...(await middle(last)));
  if (page.url() !== address) problems.push("the first touch leaves the page");
  else {
    await told(page, model, "touch", problems);
    await page.touchscreen.tap(5, 5);
    if ((await shownTips(page)).length) problems.push("a touch elsewhere leaves the tip");
    await page.touchscreen.tap(...(await middle(last)));
    await Promise.all([page.waitForURL(/cards/, { timeout: 5000 }).catch(() => problems.push("the second touch does not follow the link")), page.touchscreen.tap(...(await middle(last)))]);
  }
  await context.close();
  return problems;
}

// what is folded is printed, by the style alone or, in older browsers, by the script, and folded again afterwards
export async function printing(browser, address) {
  const problems = [];
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    await page.goto(address);
    const open = () => page.locator("details[open]").count();
    const before = await open();
    if (javaScriptEnabled) {
      await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
      if ((await open()) !== (await page.locator("details").count())) problems.push("before print not all is unfolded");
      await page.evaluate(() => dispatchEvent(new Event("afterprint")));
      if ((await open()) !== before) problems.push("after print it is not folded again");
    } else {
      await page.emulateMedia({ media: "print" });
      const hidden = await page.locator("details > :not(summary)").evaluateAll((all) => all
        .map((e) => (e.closest(".onscreen") ? [...document.querySelectorAll(".onpaper > *")].find((other) => other.textContent === e.textContent) ?? e : e))
        .filter((e) => !e.checkVisibility({ contentVisibilityAuto: true }) || e.getBoundingClientRect().height < 10)
        .map((e) => e.outerHTML.slice(0, 80)));
      problems.push(...hidden.map((each) => `not printed: ${each}`));
    }
    await context.close();
  }
  return problems;
}

export async function withoutScript(browser, address) {
  const problems = [];
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(address);
  const point = page.locator(".point").last();
  if (await point.count()) {
    await point.focus();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Tab");
    if (!(await page.locator(".tip").last().isVisible())) problems.push("without a script the tip is not shown");
  }
  if (await page.locator("a.svgfile:visible").count()) problems.push("without a script there are links to files that do nothing");
  if (await page.locator("a.svgfile").count() && !(await page.locator("noscript:visible").count())) problems.push("without a script nothing says why figures have no file");
  if (await page.locator("#pair").count()) {
    const heads = await page.locator("table.two").first().locator("thead th:visible").allInnerTexts();
    const pair = await page.locator("#pair").evaluate((p) => [p.dataset.one, p.dataset.two]);
    if (JSON.stringify(heads.slice(1)) !== JSON.stringify(pair)) problems.push(`without a script the table shows ${heads}, the pair is ${pair}`);
    if (await page.locator("#choose").isVisible()) problems.push("without a script there are lists that do nothing");
    if ((await page.locator("[data-pair]:visible").count()) !== 1) problems.push("not one difference is told without a script");
  }
  await context.close();
  return problems;
}

export async function pair(page) {
  const problems = [];
  const [one, two] = [page.locator("#choose select").nth(0), page.locator("#choose select").nth(1)];
  const names = await one.locator("option").evaluateAll((options) => options.map((option) => option.value));
  const expect = async (first, second, how) => {
    const heads = (await page.locator("table.two").first().locator("thead th:visible").allInnerTexts()).slice(1);
    if (JSON.stringify(heads) !== JSON.stringify([first, second])) problems.push(`${how}: the table shows ${heads}, not ${first}, ${second}`);
    const texts = await page.locator("[data-pair]:visible").evaluateAll((all) => all.map((each) => each.dataset.pair.split(" ").sort().join(" ")));
    if (JSON.stringify(texts) !== JSON.stringify([[first, second].sort().join(" ")])) problems.push(`${how}: the difference is that of ${texts}`);
    const drawn = await page.locator("#pair g[data-part]:visible").evaluateAll((all) => [...new Set(all.map((each) => each.dataset.part))].sort());
    if (drawn.some((name) => ![first, second].includes(name))) problems.push(`${how}: drawn are ${drawn}`);
    if (!drawn.length) problems.push(`${how}: nothing is drawn`);
    const colours = await page.locator(`#pair g[data-role="curve"]:visible > path`).evaluateAll((all) => new Set(all.map((each) => getComputedStyle(each).stroke)).size);
    if (colours !== new Set(await page.locator(`#pair g[data-role="curve"]:visible`).evaluateAll((all) => all.map((each) => each.dataset.part))).size) problems.push(`${how}: ${colours} colours`);
  };
  for (const first of names) {
    for (const second of names.filter((name) => name !== first)) {
      await one.selectOption(first);
      await two.selectOption(second);
      await expect(first, second, "lists");
    }
  }
  const before = await two.inputValue();
  const other = await one.inputValue();
  await one.selectOption(before); // the same twice: they change places
  await expect(before, other, "the same twice");
  await one.focus();
  await page.keyboard.press("ArrowDown");
  await expect(await one.inputValue(), await two.inputValue(), "keyboard");
  await page.evaluate(([a, b]) => { location.hash = `#${a},${b}`; }, names.slice(0, 2));
  await page.waitForFunction((a) => document.getElementById("pair").dataset.one === a, names[0]);
  await expect(names[0], names[1], "address");
  return problems;
}

// texts whose boxes lie on one another, those of pictures and of the page
export const overlaps = (page) => page.evaluate(() => {
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && !element.closest(".said, .skip, .tip, math, script, noscript");
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.trim() || !seen(node.parentElement)) continue;
    const clip = node.parentElement.closest(".scroll, pre")?.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const right = clip ? Math.min(box.right, clip.right) : box.right;
      const left = clip ? Math.max(box.left, clip.left) : box.left;
      // what a line's height adds above and below its letters is air
      const air = box.height * 0.18;
      if (right - left > 1) boxes.push({ left, right, top: box.top + air, bottom: box.bottom - air, text: node.data.trim().slice(0, 40), node });
    }
  }
  boxes.sort((a, b) => a.top - b.top);
  const found = [];
  for (let i = 0; i < boxes.length; i += 1) {
    for (let j = i + 1; j < boxes.length && boxes[j].top < boxes[i].bottom; j += 1) {
      const [a, b] = [boxes[i], boxes[j]];
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 2 && high > 2) found.push(`${innerWidth}: ${a.text} | ${b.text}`);
    }
  }
  return found.slice(0, 10);
});
