// SPDX-License-Identifier: EUPL-1.2
// What the browser's scripts share: the browser itself, logging in, the tally.
'use strict';
const fs = require('fs');
const puppeteer = require('puppeteer-core');

const given = JSON.parse(fs.readFileSync(process.argv[2]));

const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--disable-default-apps', '--disable-extensions', '--disable-dev-shm-usage',
  '--proxy-server=direct://', '--hide-scrollbars',
];

const tally = { passed: 0, failed: 0 };

// One test: it failed when it threw, or returned complaints.
async function sentence(name, work) {
  const started = Date.now();
  let complaints = [];
  try {
    complaints = (await work()) || [];
  } catch (error) {
    complaints = [String(error.stack || error).split('\n').slice(0, 4).join('\n    ')];
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  tally[complaints.length ? 'failed' : 'passed']++;
  console.log(`${complaints.length ? 'FAILED' : 'ok'} ${name} (${seconds} s)`);
  for (const line of complaints.slice(0, 12)) console.log('  ' + line);
}

function check(condition, message) {
  if (!condition) throw new Error(message);
}

async function launch() {
  return puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    userDataDir: given.profile + '/' + process.pid,
    args: ARGUMENTS,
    acceptInsecureCerts: true,
    protocolTimeout: 60000,
  });
}

// A person of their own: no cookie is shared with another.
async function person(browser, language = 'nl', javascript = true) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setExtraHTTPHeaders({ 'Accept-Language': language });
  await page.setJavaScriptEnabled(javascript);
  await page.setViewport({ width: 1280, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
  page.setDefaultTimeout(20000);
  page.context = context;
  return page;
}

async function open(page, path) {
  return page.goto(given.address + path, { waitUntil: 'load' });
}

// Fills fields by their name; presses the form's own button; waits for the page that follows.
async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const field = await page.$(`main [name="${name}"]`);
    check(field, `there is no field "${name}" on ${page.url()}`);
    await field.evaluate((element) => { if (element.value !== undefined) element.value = ''; });
    await field.type(value);
  }
}

async function press(page, selector) {
  const button = await page.$(selector);
  check(button, `there is no ${selector} on ${page.url()}`);
  const [answer] = await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), button.click()]);
  return answer;
}

async function logIn(page, login) {
  await open(page, '/inloggen');
  await fill(page, { login, password: given.password });
  await press(page, 'main form[action^="/inloggen"] button[type=submit]');
  check(!page.url().includes('/inloggen'), `${login} could not log in`);
  for (const cookie of await page.context.cookies()) {
    if (cookie.value.length >= 16) fs.appendFileSync(given.cookies, cookie.value + '\n');
  }
}

async function text(page, selector = 'main') {
  return page.$eval(selector, (element) => element.innerText);
}

// Runs `work` with a browser, prints the tally, and leaves nothing behind.
async function main(work) {
  const browser = await launch();
  process.on('SIGTERM', () => browser.close().finally(() => process.exit(143)));
  try {
    await work(browser);
  } catch (error) {
    tally.failed++;
    console.log('FAILED ' + error.stack);
  }
  await browser.close();
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  process.exit(tally.failed ? 1 : 0);
}

module.exports = { given, sentence, check, person, open, fill, press, logIn, text, main };
