// SPDX-License-Identifier: EUPL-1.2
// What must hold on every page, in both languages and three widths: axe finds nothing, nothing
// overflows sideways, the console is silent, it is light, and every text is translated.
'use strict';
const fs = require('fs');
const path = require('path');
const { given, sentence, person, open, logIn, main } = require('./browser.js');
const { untranslated } = require('./language.js');
const { WIDTHS, violations, overflow, scheme } = require('./look.js');

// A webhook with a delivery that cannot arrive, so that its page has something to show.
async function makeWebhook(page) {
  const send = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
  await open(page, '/webhooks');
  await page.type('main [name=address]', 'https://localhost/webhook');
  await send('main form[action="/webhooks"] button[type=submit]');
  await send('main a[href^="/webhooks/"]');
  await send('main button[value=test]');
}

// Every page: a name for its screenshots, and its path; `first` leads to one of many: the first
// link on that page that fits (and `then` goes on from there).
const PAGES = {
  anyone: [
    { name: 'home', path: '/' },
    { name: 'log-in', path: '/inloggen' },
    { name: 'boards', path: '/besturen' },
    { name: 'board', on: '/besturen', first: /^\/besturen\/\d{5}$/ },
    { name: 'schools', path: '/scholen' },
    { name: 'schools-found', path: '/scholen?q=de' },
    { name: 'schools-none', path: '/scholen?q=zzzzzzzz' },
    { name: 'school', on: '/scholen', first: /^\/scholen\/\d\d[A-Z]{2}$/ },
    { name: 'vendors', path: '/leveranciers' },
    { name: 'vendor', on: '/leveranciers', first: /^\/leveranciers\/[0-9A-Z]{20}$/ },
    { name: 'partnerships', path: '/samenwerkingsverbanden' },
    { name: 'partnership', on: '/samenwerkingsverbanden', first: /^\/samenwerkingsverbanden\/[PV]O\d{4}$/ },
    { name: 'developers', path: '/nummervoorziening/ontwikkelaars' },
    { name: 'about', path: '/over' },
    { name: 'not-found', path: '/bestaat-niet', status: 404 },
  ],
  bestuur: [
    { name: 'home', path: '/' },
    { name: 'account', path: '/account' },
    { name: 'overview', path: '/nummervoorziening' },
    { name: 'sign-up', path: '/nummervoorziening/aansluiten' },
    { name: 'people', path: '/organisaties/board:10001' },
    { name: 'person', on: '/organisaties/board:10001', first: /\/mensen\/[\w-]{16}$/ },
    { name: 'invite', path: '/organisaties/board:10001/uitnodigen' },
    { name: 'school', on: '/scholen', first: /^\/scholen\/\d\d[A-Z]{2}$/ },
    { name: 'board', on: '/besturen', first: /^\/besturen\/\d{5}$/ },
    { name: 'record', path: '/verslag' },
    { name: 'webhooks', path: '/webhooks' },
    { name: 'not-for-you', path: '/nummervoorziening/beheer', status: 403 },
  ],
  school: [
    { name: 'home', path: '/' },
    { name: 'account', path: '/account' },
    { name: 'second-step', path: '/account/tweede-stap' },
    { name: 'code-app', path: '/account/code-app' },
    { name: 'passkeys', path: '/account/passkeys' },
  ],
  leverancier: [
    { name: 'home', path: '/' },
    { name: 'account', path: '/account' },
    { name: 'developers', path: '/nummervoorziening/ontwikkelaars' },
    { name: 'webhooks', path: '/webhooks' },
    { name: 'webhook', on: '/webhooks', first: /^\/webhooks\/[0-9a-f]{24}$/, make: makeWebhook },
    { name: 'people', path: '/organisaties/vendor:00000003000000000001' },
    { name: 'person', on: '/organisaties/vendor:00000003000000000001', first: /\/mensen\/[\w-]{16}$/ },
    { name: 'invite', path: '/organisaties/vendor:00000003000000000001/uitnodigen' },
    { name: 'vendor', on: '/leveranciers', first: /^\/leveranciers\/[0-9A-Z]{20}$/ },
  ],
  beheer: [
    { name: 'home', path: '/' },
    { name: 'account', path: '/account' },
    { name: 'operation', path: '/nummervoorziening/beheer' },
    { name: 'trail', path: '/beheer/verslag' },
    { name: 'work', path: '/beheer/werk' },
    { name: 'webhooks', path: '/webhooks' },
    { name: 'nodes', path: '/beheer/knooppunten' },
    { name: 'batches', path: '/nummervoorziening/beheer/batches' },
    { name: 'organisations', path: '/organisaties' },
    { name: 'people', path: '/organisaties/board:10001' },
    { name: 'person', on: '/organisaties/board:10001', first: /\/mensen\/[\w-]{16}$/ },
    { name: 'invite', path: '/organisaties/board:10001/uitnodigen' },
    { name: 'act', path: '/namens' },
    { name: 'accounts', path: '/accounts' },
    { name: 'account-of', on: '/accounts', first: /\/accounts\/[\w-]{16}$/ },
    { name: 'vendor-new', path: '/leveranciers/toevoegen' },
    { name: 'vendor-change', on: '/leveranciers', first: /^\/leveranciers\/[0-9A-Z]{20}$/, then: '/wijzigen' },
    { name: 'vendor-certificate', on: '/leveranciers', first: /^\/leveranciers\/[0-9A-Z]{20}$/, then: '/certificaat' },
    { name: 'board-change', on: '/besturen', first: /^\/besturen\/\d{5}$/, then: '/wijzigen' },
  ],
};

const LANGUAGES = ['nl', 'en'];

// Everybody's; looked at once.
const OWN = PAGES.school.filter((entry) => (entry.path || '').startsWith('/account'));
const WEIGHT = 60 * 1000; // bytes over the wire, without a cache

async function findPath(page, entry) {
  if (entry.path) return entry.path;
  if (entry.make) await entry.make(page);
  await open(page, entry.on);
  const links = await page.$$eval('main a[href]', (all) => all.map((link) => link.getAttribute('href')));
  const found = links.find((link) => entry.first.test(link));
  if (!found) throw new Error(`${entry.on} has no link like ${entry.first}`);
  return found + (entry.then || '');
}

// What one load says and weighs.
async function watch(page) {
  const client = await page.createCDPSession();
  const seen = { console: [], bytes: 0, hosts: new Set() };
  await client.send('Network.enable');
  await client.send('Network.setCacheDisabled', { cacheDisabled: true });
  client.on('Network.loadingFinished', (event) => { seen.bytes += event.encodedDataLength; });
  client.on('Network.requestWillBeSent', (event) => {
    if (/^https?:/.test(event.request.url)) seen.hosts.add(new URL(event.request.url).origin);
  });
  page.on('console', (message) => {
    // A browser also says on its console that the answer was 404, on the page that tells so.
    if (['error', 'warn', 'warning'].includes(message.type())
        && !/status of 40[34]/.test(message.text())) seen.console.push(message.text());
  });
  page.on('pageerror', (error) => seen.console.push(String(error)));
  return seen;
}

async function look(page, seen, entry, role, language) {
  const complaints = [];
  seen.console.length = 0;
  seen.bytes = 0;
  const where = entry.found || (entry.found = await findPath(page, entry));
  seen.console.length = 0;
  seen.bytes = 0;
  const answer = await open(page, where);
  if (answer.status() !== (entry.status || 200)) return [`status ${answer.status()}`];
  const found = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    titles: document.querySelectorAll('h1').length,
    title: document.title,
  }));
  if (found.lang !== language) complaints.push(`html lang is ${found.lang}`);
  if (found.titles !== 1) complaints.push(`${found.titles} h1 elements`);
  if (!found.title) complaints.push('no title');
  complaints.push(...await untranslated(page, language));
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 900 });
    for (const each of [...await overflow(page), ...await violations(page)])
      complaints.push(`at ${width} px: ${each}`);
    const file = `${role === 'anyone' ? '' : role + '-'}${entry.name}-${language}-${width}.png`;
    await page.screenshot({ path: path.join(given.screenshots, file), fullPage: true });
  }
  await scheme(page, 'dark');
  complaints.push(...(await violations(page)).map((each) => `in the dark: ${each}`));
  await scheme(page, 'light');
  if (seen.bytes > WEIGHT) complaints.push(`weighs ${seen.bytes} bytes`);
  for (const line of seen.console) complaints.push('console: ' + line);
  for (const host of seen.hosts) if (host !== given.address) complaints.push('asks ' + host);
  return complaints.map((line) => `${language}: ${line}`);
}

// A page by its form: /scholen/00AV and /scholen/12BC are one.
function form(link) {
  return link.split(/[?#]/)[0]
    .replace(/\/\d\d[A-Z]{2}(\/|$)/g, '/BRIN$1')
    .replace(/\/\d{5}(\/|$)/g, '/NUMBER$1')
    .replace(/\/[0-9A-Z]{20}(\/|$)/g, '/OIN$1')
    .replace(/\/[PV]O\d{4}(\/|$)/g, '/SWV$1')
    .replace(/\/organisaties\/[a-z]+(:\w+)?(\/|$)/g, "/organisaties/ORGANISATION$2")
    .replace(/\/(mensen|accounts)\/[\w-]{16}$/g, '/$1/ID')
    .replace(/\/[0-9a-f]{16,}(\/|$)/g, '/ID$1');
}

// Links that no page is behind: downloads, documents for machines, actions.
const NO_PAGES = /^\/(taal|healthz|readyz|metrics|api|uitloggen|web)(\/|$)|\.(json|csv|wsdl|xsd|yaml|crt|txt)$|format=csv/;

// Every page that can be reached by links must be in the table above.
async function pagesThatAreNotLookedAt(page, role) {
  const known = new Set([...PAGES.anyone, ...OWN, ...PAGES[role]].map((entry) => form(entry.found || entry.path || '')));
  const seen = new Set();
  const queue = ['/'];
  const missing = [];
  const from = {};
  while (queue.length && seen.size < 200) {
    const link = queue.shift();
    if (seen.has(form(link))) continue;
    seen.add(form(link));
    const answer = await open(page, link);
    if (answer.status() >= 400) missing.push(`${link} is linked from ${from[link]}, and answers ${answer.status()}`);
    if (!(answer.headers()['content-type'] || '').includes('html')) continue;
    if (!known.has(form(page.url().slice(given.address.length)))) missing.push(`${form(link)} is not in the table`);
    const links = await page.$$eval('a[href^="/"]', (all) => all.map((one) => one.getAttribute('href')));
    for (const one of links.filter((each) => !NO_PAGES.test(each) && !seen.has(form(each)))) {
      from[one] = from[one] || link;
      queue.push(one);
    }
  }
  return missing;
}

main(async (browser) => {
  for (const [role, pages] of Object.entries(PAGES)) {
    const people = {};
    for (const language of LANGUAGES) {
      const page = people[language] = await person(browser, language);
      if (role !== 'anyone') await logIn(page, role);
      page.seen = await watch(page);
    }
    for (const entry of pages) {
      await sentence(`page_${role}_${entry.name}`, async () => {
        const complaints = [];
        for (const language of LANGUAGES)
          complaints.push(...await look(people[language], people[language].seen, entry, role, language));
        return complaints;
      });
    }
    await sentence(`no_page_of_${role}_is_left_out`, () => pagesThatAreNotLookedAt(people.nl, role));
    for (const language of LANGUAGES) await people[language].context.close();
  }
});
