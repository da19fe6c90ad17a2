// Opens pages in a browser and prints what is wrong with each as JSON: node check_pages.mjs BROWSER PAGE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { figures, overlaps, pair, points, printing, touch, withoutScript } from "./interaction.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [executablePath, ...paths] = process.argv.slice(2);

async function opened(browser, path, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const seen = { console: [], requests: [], dialogs: [] };
  const address = pathToFileURL(path).href;
  page.on("console", (message) => seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(String(error)));
  page.on("request", (request) => request.url() === address || seen.requests.push(request.url()));
  page.on("dialog", (dialog) => { seen.dialogs.push(dialog.message()); dialog.dismiss(); });
  await page.goto(address);
  return { page, seen, address };
}

async function overflow(page, width) {
  await page.setViewportSize({ width, height: 900 });
  const measured = await page.evaluate(() => ({
    page: document.documentElement.scrollWidth - window.innerWidth,
    wide: [...document.querySelectorAll("body *")]
      .filter((e) => !e.closest(".scroll, pre, svg, .skip, .said") && e.getBoundingClientRect().right > window.innerWidth + 1)
      .map((e) => e.outerHTML.slice(0, 120)),
  }));
  return measured.page > 0 || measured.wide.length ? [{ width, ...measured }] : [];
}

async function violations(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  const result = await page.evaluate(() => window.axe.run(document));
  const where = (violation) => violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ");
  return result.violations.map((violation) => `${colorScheme} ${violation.id}: ${where(violation)}`);
}

const columnOf = (table, column) => table.evaluate((t, c) => [...t.tBodies[0].rows].map((r) => r.cells[c].dataset.sort), column);
const ordered = (values, turn) => {
  const given = values.filter((v) => v !== "");
  const numeric = given.every((v) => !Number.isNaN(Number(v)));
  return values.slice(given.length).every((v) => v === "")
    && given.slice(1).every((v, i) => turn * (numeric ? Number(v) - Number(given[i]) : v.localeCompare(given[i], "en", { numeric: true })) >= 0);
};

// by mouse and by keyboard, the first and the last column of every table
async function sorting(page) {
  const problems = [];
  let tables = 0;
  for (const table of await page.locator("table.sortable").all()) {
    tables += 1;
    const heads = await table.locator("thead th:has(button)").all();
    for (const head of new Set([heads[0], heads.at(-1)])) {
      const column = await head.evaluate((h) => h.cellIndex);
      const before = (await columnOf(table, column)).sort();
      const expect = async (word, turn) => {
        const now = await columnOf(table, column);
        if (!ordered(now, turn)) problems.push(`table ${tables}, column ${column} is not ${word}: ${now}`);
        if ((await head.getAttribute("aria-sort")) !== word) problems.push(`table ${tables}, column ${column} does not say ${word}`);
        if (JSON.stringify(now.sort()) !== JSON.stringify(before)) problems.push(`table ${tables} lost rows`);
      };
      await head.locator("button").click();
      await expect("ascending", 1);
      await head.locator("button").press("Enter");
      await expect("descending", -1);
    }
    if ((await table.locator("th[aria-sort]").count()) > 1) problems.push(`table ${tables} says that two columns are sorted`);
  }
  return { tables, problems };
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
const report = {};
for (const path of paths) {
  const { page, seen, address } = await opened(browser, path, { viewport: { width: 1400, height: 900 } });
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  await page.evaluate(axeSource);
  const axe = [...(await violations(page, "light")), ...(await violations(page, "dark"))];
  const sorted = await sorting(page);
  const kinds = { chart: await page.locator(".chart").count(), pair: await page.locator("#pair").count(), files: await page.locator("a.svgfile").count() };
  const files = await figures(page);
  const folded = await page.locator("details").count();
  const acted = [];
  const wide = [];
  const laid = [];
  for (const width of [1400, 390]) {
    wide.push(...(await overflow(page, width)));
    laid.push(...(await overlaps(page)));
    if (kinds.chart) acted.push(...(await points(page)));
    if (kinds.pair) acted.push(...(await pair(page)));
  }
  axe.push(...(await violations(page, "light"))); // as a phone shows it
  await page.context().close();
  if (kinds.chart) acted.push(...(await touch(browser, address)));
  if (kinds.chart || kinds.pair || kinds.files) acted.push(...(await withoutScript(browser, address)));
  const printed = folded ? await printing(browser, address) : [];
  report[path] = { ...seen, printing: printed, axe, overflow: wide, overlaps: laid, interaction: acted, files, sorting: sorted.problems, tables: sorted.tables };
}
await browser.close();
console.log(JSON.stringify(report));
