// Opens the pages of the service in a real browser. README.md beside this file says how to run it.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [few, many, browserPath, tools] = process.argv.slice(2);
const out = join(tools, 'serve');
const require = createRequire(pathToFileURL(resolve(tools, 'package.json')));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(out, { recursive: true });

const problems = [];
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });

async function open(name, url, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const say = (what) => problems.push(`${name} (${JSON.stringify(options)}): ${what}`);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && say(message.text()));
  page.on('pageerror', (error) => say(error.message));
  const own = new URL(url).origin;
  page.on('request', (request) => request.url().startsWith(own) || request.url().startsWith('data:') || say(`asks for ${request.url()}`));
  await page.goto(url);
  return { context, page, say };
}

async function look(name, url) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) {
      const { context, page, say } = await open(name, url, { colorScheme, viewport: { width, height: 900 } });
      await page.locator('#connection.on').waitFor();
      await page.screenshot({ path: join(out, `${name}-${colorScheme}-${width}.png`), fullPage: name !== 'many' });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) say(`scrolls sideways by ${wide} px`);
      await context.close();
      // The page's own policy would keep the checker out; what the policy says is checked by the tests in Rust.
      const checked = await open(name, url, { bypassCSP: true, colorScheme, viewport: { width, height: 900 } });
      await checked.page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
      await checked.page.evaluate(axe);
      const { violations } = await checked.page.evaluate(() => globalThis.axe.run());
      for (const { id, impact, nodes } of violations) {
        say(`axe: ${impact} ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`);
      }
      await checked.context.close();
    }
  }
}

const pages = { list: few, crash: `${few}/gates/crash`, well: `${few}/gates/well`, wait: `${few}/gates/wait`, unknown: `${few}/gates/none`, many };
for (const [name, url] of Object.entries(pages)) {
  if (name === 'unknown') continue;
  await look(name, url);
}

// Without script everything is there, and says that it reloads.
{
  const { context, page, say } = await open('no script', few, { javaScriptEnabled: false });
  if ((await page.locator('#gates tbody tr').count()) !== 5) say('rows are missing');
  if (!(await page.content()).includes('http-equiv="refresh"')) say('does not reload itself');
  await page.locator('#q').fill('payments');
  await page.getByRole('button', { name: 'Apply' }).click();
  if ((await page.locator('#gates tbody tr').count()) !== 1) say('does not filter');
  await context.close();
}

// The keyboard reaches everything in the order of the page, and shows where it is.
{
  const { context, page, say } = await open('keyboard', few);
  const seen = [];
  for (let stop = 0; stop < 9; stop += 1) {
    await page.keyboard.press('Tab');
    seen.push(await page.evaluate(() => {
      const { activeElement: element } = document;
      return { text: element.textContent.trim() || element.id, outline: getComputedStyle(element).outlineStyle };
    }));
  }
  if (seen[0].text !== 'Skip to the content' || seen[2].text !== 'q') say(`Tab stops at ${seen.map(({ text }) => text).join(', ')}`);
  if (seen.some(({ outline }) => outline === 'none')) say('a stop does not show');
  await context.close();
}

// A verdict comes while two pages are looked at: both show it, say it once, and leave the focus where it was.
{
  const list = await open('live list', few);
  const gate = await open('live gate', `${few}/gates/wait`);
  for (const { page } of [list, gate]) await page.locator('#connection.on').waitFor();
  await list.page.locator('#g-wait a').focus();
  const before = await list.page.locator('#g-wait .mark').textContent();
  if (before !== 'Pending') list.say(`is ${before} before`);
  await fetch(`${few}/test/fail`, { method: 'POST' });
  await list.page.locator('#g-wait .mark.bad').waitFor();
  const said = await list.page.locator('#told').textContent();
  if (!said.endsWith('in a-namespace-of-a-large-company: failed')) list.say(`says ${said}`);
  if (!(await list.page.evaluate(() => document.activeElement.closest('#g-wait')))) list.say('lost the focus');
  await gate.page.locator('.banner.bad').waitFor();
  await gate.page.getByText('ledger-1', { exact: true }).first().waitFor();
  if (!(await gate.page.locator('#told').textContent()).endsWith('failed')) gate.say('does not say the verdict');
  await gate.page.screenshot({ path: join(out, 'after-the-event.png'), fullPage: true });
  console.log(`after the event the list says: ${(await list.page.locator('#g-wait').innerText()).replaceAll('\n', ' | ')}`);
  await list.context.close();
  await gate.context.close();
}

await browser.close();
console.log(problems.length ? [...new Set(problems)].join('\n') : 'nothing found');
process.exit(problems.length ? 1 : 0);
