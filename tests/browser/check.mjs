// Opens the HTML report in a real browser: light and dark, wide and narrow, and on paper. README.md beside this file
// says how to run it. Exits 0 where nothing is found, and leaves a picture of every page to be looked at.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [binary, browserPath, tools, out] = process.argv.slice(2);
if (!out) {
  console.error('usage: node tests/browser/check.mjs CRASHGATE CHROMIUM TOOLS OUT');
  process.exit(2);
}
const require = createRequire(pathToFileURL(resolve(tools, 'package.json')));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(out, { recursive: true });

/** The recording of a crash, with so many pods: a few that crash among many that stay ready. */
function fleet(pods) {
  const lines = readFileSync('tests/recordings/crash-loop.ndjson', 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const names = new Set();
  for (const { event } of lines) {
    if (event?.path.endsWith('/pods') && event.object.metadata.uid) names.add(event.object.metadata.name);
  }
  const ready = new Set();
  const grown = lines.flatMap((line) => {
    const object = line.event?.object;
    if (line.event?.path.endsWith('/pods') && object.metadata.uid) {
      return Array.from({ length: pods / names.size }, (_, number) => {
        const copy = structuredClone(line);
        const { metadata, status } = copy.event.object;
        const name = number === 0 ? metadata.name : metadata.name.slice(0, -3) + number.toString(36).padStart(3, '0');
        metadata.name = name;
        metadata.uid = metadata.uid.slice(0, -4) + number.toString(16).padStart(4, '0');
        for (const container of status.containerStatuses ?? []) {
          if (container.containerID) container.containerID += number;
        }
        if (number > 3) {
          if (ready.has(name)) return [];
          if (status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) ready.add(name);
        }
        return [copy];
      }).flat();
    }
    if (object?.spec?.replicas) object.spec.replicas = pods;
    return [line];
  });
  const file = join(out, 'fleet.ndjson');
  writeFileSync(file, grown.map((line) => JSON.stringify(line)).join('\n') + '\n');
  return file;
}

/** Two gates over one recording: the new version and the old one beside it. */
function twoGates() {
  const file = join(out, 'two.yaml');
  const gate = (version) => `app: checkout\nversion: ${version}\nnamespace: rec-canary-crash\nstableFor: 5s\n`;
  writeFileSync(file, `${gate('v2')}---\n${gate('v1')}`);
  return file;
}

/** The recording of a canary, with answers of a source of metrics: errors that begin late, a latency and a value that are fine. */
function metrics() {
  const [header, ...rest] = readFileSync('tests/recordings/canary-healthy.ndjson', 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const pods = { canary: new Set(), stable: new Set() };
  for (const { list, event } of rest) {
    for (const pod of [event?.object, ...(list?.body.items ?? [])]) {
      const arm = { v1: 'stable', v2: 'canary' }[pod?.metadata?.labels?.version];
      if (arm && (event ?? list).path.endsWith('/pods')) pods[arm].add(pod.metadata.name);
    }
  }
  const start = Date.parse(header.startedAt) / 1000;
  const answer = (second, arm, check, resultType, result) => ({
    t: second * 1000 + 300,
    metrics: { arm, check, answeredAt: Math.round((start + second) * 1000) + 300, body: { status: 'success', data: { resultType, result } } },
  });
  const series = (second, name, labels, count) => ({
    metric: { __name__: name, namespace: header.namespace, ...labels },
    values: Array.from({ length: 8 }, (_, back) => second - 7 + back).filter((at) => at > 0).map((at) => [start + at, String(Math.floor(count(at)))]),
  });
  const lines = rest.filter((line) => !line.note);
  for (let second = 2; second < 120; second += 2) {
    for (const [arm, names] of Object.entries(pods)) {
      const bad = (at) => (arm === 'canary' ? at * 0.25 + Math.max(0, at - 14) * 4 : at * 0.25);
      lines.push(answer(second, arm, 'errors', 'matrix', [...names].flatMap((pod) => [
        series(second, 'http_requests_total', { pod, code: '500' }, bad),
        series(second, 'http_requests_total', { pod, code: '200' }, (at) => at * 30 - bad(at)),
      ])));
    }
    lines.push(answer(second, 'canary', 'latency', 'matrix', [...pods.canary].flatMap((pod) => [
      series(second, 'http_request_duration_seconds_bucket', { pod, le: '0.5' }, (at) => at * 29.9),
      series(second, 'http_request_duration_seconds_bucket', { pod, le: '+Inf' }, (at) => at * 30),
    ])));
    lines.push(answer(second, 'canary', 'files', 'vector', [{ metric: {}, value: [start + second, String(0.4 + 0.2 * Math.sin(second))] }]));
  }
  lines.sort((one, other) => one.t - other.t);
  const file = join(out, 'metrics.ndjson');
  writeFileSync(file, [header, ...lines].map((line) => JSON.stringify(line)).join('\n') + '\n');
  writeFileSync(join(out, 'metrics.yaml'), `
app: checkout
version: v2
namespace: ${header.namespace}
stableFor: 10s
watchFor: 90s
delay: 2s
stable: {version: v1}
metrics:
  source: {url: http://127.0.0.1:9}
  checks:
    - {name: errors, bad: 'http_requests_total{$pods,code=~"5.."}', total: 'http_requests_total{$pods}', max: 5%, versus: stable}
    - {name: latency, histogram: 'http_request_duration_seconds_bucket{$pods}', slowerThan: 500ms, max: 2%}
    - {name: files, query: 'max(process_open_fds{$pods} / process_max_fds{$pods})', max: 0.8, min: 0.1}
`);
  return [file, '-f', join(out, 'metrics.yaml')];
}

const recording = (name) => `tests/recordings/${name}.ndjson`;
const gate = (app, version, ...more) => ['--app', app, '--version', version, ...more];
const table = ['--expected', 'tests/recordings/expected.tsv', '--delay', '2s'];
const wrong = join(out, 'wrong.yaml');
writeFileSync(wrong, 'app: checkout\nversoin: v1\nnamespace: shop\n');
const PAGES = {
  'crash-loop': [recording('crash-loop'), ...gate('payments', 'v1')],
  'rolling-update-stuck': [recording('rolling-update-stuck'), ...gate('payments', 'v2')],
  'canary-crash': [recording('canary-crash'), ...gate('checkout', 'v2')],
  healthy: [recording('healthy'), ...gate('checkout', 'v1', '--stable-for', '10s')],
  'oom-killed-again': [recording('oom-killed'), ...gate('ledger', 'v1', '--max-restarts', '2')],
  'never-ready': [recording('never-ready'), ...gate('search', 'v1')],
  superseded: [recording('superseded'), ...gate('cart', 'v2')],
  'nothing-matches': [recording('nothing-matches'), ...gate('checkout', 'v9', '--wait-period', '10s')],
  metrics: metrics(),
  'two-gates': [recording('canary-crash'), '-f', twoGates()],
  'wrong-manifest': [recording('healthy'), '-f', wrong],
  grid: ['tests/recordings', ...table, '--try', 'stableFor=5s,10s,15s', '--try', 'maxRestarts=0,1', '--bad', 'healthy-r*'],
  'grid-without-truth': [recording('crash-loop'), recording('healthy'), 'README.md'],
  'five-hundred-pods': [fleet(500), ...gate('payments', 'v1', '--max-restarts', '1')],
};

const problems = [];
const wanted = process.env.ONLY?.split(',') ?? Object.keys(PAGES);
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
for (const name of wanted) {
  const file = resolve(out, `${name}.html`);
  try {
    execFileSync(binary, ['replay', ...PAGES[name], '--report', `html=${file}`], { stdio: 'ignore' });
  } catch (error) {
    if (![1, 2, 3, 4, 5, 6].includes(error.status)) throw error;
  }
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 400]) {
      await look(name, file, colorScheme, width);
    }
  }
  await keyboard(name, file);
  await paper(name, file);
}
await browser.close();
console.log(problems.length ? problems.join('\n') : `${wanted.length} pages, nothing found`);
process.exit(problems.length ? 1 : 0);

async function open(name, file, options) {
  // The page's own policy would keep the checker out; what the policy says is checked by the tests in Rust.
  const context = await browser.newContext({ bypassCSP: true, ...options });
  const page = await context.newPage();
  const say = (what) => problems.push(`${name} (${JSON.stringify(options)}): ${what}`);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && say(message.text()));
  page.on('pageerror', (error) => say(error.message));
  page.on('request', (request) => request.url() !== pathToFileURL(file).href && !request.url().startsWith('data:') && say(`asks for ${request.url()}`));
  await page.goto(pathToFileURL(file).href);
  return { context, page, say };
}

async function look(name, file, colorScheme, width) {
  const { context, page, say } = await open(name, file, { colorScheme, viewport: { width, height: 900 } });
  await page.screenshot({ path: join(out, `${name}-${colorScheme}-${width}.png`), fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) say(`scrolls sideways by ${wide} px`);
  // Words that lie over each other, or are cut off by what they stand in.
  const clashes = await page.evaluate(() => {
    const found = [];
    for (const svg of document.querySelectorAll('svg.axis, svg.series, svg.scale')) {
      const frame = svg.getBoundingClientRect();
      const boxes = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
      for (const [place, [words, box]] of boxes.entries()) {
        if (box.width && (box.left < frame.left - 1 || box.right > frame.right + 6)) found.push(`"${words}" leaves the chart`);
        for (const [others, other] of boxes.slice(place + 1)) {
          const apart = box.right <= other.left || other.right <= box.left || box.bottom <= other.top || other.bottom <= box.top;
          if (!apart) found.push(`"${words}" lies over "${others}"`);
        }
      }
    }
    for (const element of document.querySelectorAll('h1,h2,h3,h4,p,dd,dt,td,th,li,summary,code,b')) {
      if (!element.closest('svg') && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline' && !getComputedStyle(element).clipPath.includes('inset')) {
        found.push(`"${element.textContent.slice(0, 40)}" is cut off`);
      }
    }
    return found;
  });
  clashes.forEach(say);
  await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, impact, nodes } of violations) {
    say(`axe: ${impact} ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(' | ')}`);
  }
  await context.close();
}

// Everything that opens is reached by Tab, in the order of the page, shows that it is, and opens by Enter.
async function keyboard(name, file) {
  const { context, page, say } = await open(name, file, { viewport: { width: 1280, height: 900 } });
  const stops = await page.evaluate(() => [...document.querySelectorAll('summary, a[href], pre[tabindex], div[tabindex]')].filter((element) => element.checkVisibility()).length);
  const seen = [];
  for (let stop = 0; stop < stops; stop += 1) {
    await page.keyboard.press('Tab');
    seen.push(await page.evaluate(() => {
      const { activeElement: element } = document;
      const top = element.getBoundingClientRect().top + scrollY;
      return { tag: element.tagName, top, outline: getComputedStyle(element).outlineStyle };
    }));
  }
  const known = ['SUMMARY', 'A', 'PRE', 'DIV'];
  if (seen.some(({ tag }) => !known.includes(tag))) say(`Tab stops at ${seen.map(({ tag }) => tag).join(', ')}`);
  if (seen.some(({ top }, place) => place > 0 && top < seen[place - 1].top - 1)) say('Tab goes back up');
  if (seen.some(({ outline }) => outline === 'none')) say('a stop does not show');
  const summaries = page.locator('summary');
  for (let number = 0; number < (await summaries.count()); number += 1) {
    const summary = summaries.nth(number);
    if (!(await summary.isVisible())) continue;
    const isOpen = () => summary.evaluate((element) => element.parentElement.open);
    const before = await isOpen();
    await summary.focus();
    await page.keyboard.press('Enter');
    if ((await isOpen()) === before) say(`Enter does not open "${await summary.textContent()}"`);
    await page.keyboard.press('Space');
    if ((await isOpen()) !== before) say(`Space does not close "${await summary.textContent()}"`);
  }
  await context.close();
}

// On paper: colours of a light page whatever the screen shows, and all of it.
async function paper(name, file) {
  const { context, page, say } = await open(name, file, { colorScheme: 'dark', viewport: { width: 700, height: 990 } });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.screenshot({ path: join(out, `${name}-paper.png`), fullPage: true });
  const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor !== 'rgb(255, 255, 255)');
  if (dark) say('prints on a dark ground');
  await page.pdf({ path: join(out, `${name}.pdf`), format: 'A4', printBackground: true, margin: { top: '14mm', bottom: '14mm', left: '14mm', right: '14mm' } });
  await context.close();
}
