// SPDX-License-Identifier: EUPL-1.2
// Second factors in a real browser: an app that makes codes (this script is the app), passkeys of
// Chromium's virtual authenticators, recovery codes. Each test has an administrator of its own.
'use strict';
const crypto = require('crypto');
const { given, sentence, check, person, open, fill, press, text, main } = require('./browser.js');
const { lookHere } = require('./look.js');

const FORM = 'main form[action="/inloggen"]';

// ---- An app that makes codes (RFC 6238) ----

function fromBase32(letters) {
  let bits = '';
  for (const letter of letters.replace(/\s/g, ''))
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

// Setting up takes the code of now and logging in that of the next step (clocks may differ by one), so
// that a step that ends meanwhile changes nothing.
function codeOf(secret, drift = 0) {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + drift));
  const mac = crypto.createHmac('sha1', fromBase32(secret)).update(step).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, '0');
}

// ---- Steps that many tests take ----

async function giveCredentials(page, login, password = given.password) {
  await open(page, '/inloggen');
  await fill(page, { login, password });
  return press(page, FORM + ' button');
}

async function logOut(page) {
  await open(page, '/');
  await press(page, 'form[action="/uitloggen"] button');
}

async function setUpApp(page) {
  await open(page, '/account/code-app');
  const secret = await page.$eval('main details code', (code) => code.textContent);
  await fill(page, { code: codeOf(secret) });
  await press(page, 'main form[action="/account/code-app"] button');
  const codes = await page.$$eval('main ol code', (all) => all.map((code) => code.textContent));
  check(codes.length === 10, `${codes.length} recovery codes: ${await text(page)}`);
  return { secret, codes };
}

async function authenticator(page, transport) {
  const client = await page.createCDPSession();
  await client.send('WebAuthn.enable');
  const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport, hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true },
  });
  const send = (method, more = {}) => client.send('WebAuthn.' + method, { authenticatorId, ...more });
  return {
    credentials: async () => (await send('getCredentials')).credentials,
    add: (credential) => send('addCredential', { credential }),
    clear: () => send('clearCredentials'),
    verified: (isUserVerified) => send('setUserVerified', { isUserVerified }),
  };
}

const PASSKEY = 'main form[data-question] button';

async function addPasskey(page, name) {
  await open(page, '/account/passkeys');
  await fill(page, { name });
  await press(page, PASSKEY);
}

async function isLoggedIn(page) {
  return Boolean(await page.$('form[action="/uitloggen"]'));
}

// Presses a passkey's button, of which the browser itself says no.
async function pressInVain(page) {
  await page.click(PASSKEY);
  await page.waitForFunction(() => document.querySelector('[role=alert]').textContent);
  return page.$eval('[role=alert]', (element) => element.textContent);
}

// The body with which a passkey logs in, and its answer.
async function watchBody(page) {
  const seen = {};
  page.on('request', (request) => {
    if (request.method() === 'POST') seen.body = request.postData();
  });
  return seen;
}

// ---- The tests ----

const TESTS = {
  async an_administrator_sets_up_a_second_step_before_anything_else(page, login, language) {
    const complaints = [];
    const look = async (name) => complaints.push(...await lookHere(page, name, language));
    await giveCredentials(page, login);
    check(new URL(page.url()).pathname === '/account/tweede-stap', 'led to ' + page.url());
    await look('signin-choose');
    for (const path of ['/nummervoorziening', '/account', '/account/herstelcodes']) {
      await open(page, path);
      check(new URL(page.url()).pathname === '/account/tweede-stap', `${path} opens ${page.url()}`);
    }
    await open(page, '/account/code-app');
    await look('signin-app');
    await setUpApp(page);
    await look('signin-recovery');
    const answer = await open(page, '/nummervoorziening/aansluiten');
    check(answer.status() === 200, `status ${answer.status()} after the set-up`);
    await open(page, '/account');
    await look('signin-account');
    return complaints;
  },

  async a_code_logs_in_once(page, login, language) {
    const complaints = [];
    await giveCredentials(page, login);
    const { secret } = await setUpApp(page);
    await logOut(page);
    await giveCredentials(page, login);
    check(!await isLoggedIn(page), 'a password alone logs in');
    complaints.push(...await lookHere(page, 'signin-code', language));
    const code = codeOf(secret, 1);
    await fill(page, { code });
    await press(page, 'main form[action="/inloggen/code"] button');
    check(await isLoggedIn(page), 'the code is refused: ' + await text(page));
    await logOut(page);
    await giveCredentials(page, login);
    await fill(page, { code });
    const again = await press(page, 'main form[action="/inloggen/code"] button');
    check(again.status() === 422 && !await isLoggedIn(page), 'a code is accepted twice');
    return complaints;
  },

  async a_recovery_code_works_once_and_is_told_of(page, login) {
    await giveCredentials(page, login);
    const { secret, codes } = await setUpApp(page);
    for (const status of [200, 422]) {
      await page.context.deleteCookie(...await page.context.cookies());
      await giveCredentials(page, login);
      await fill(page, { code: codes[3].toUpperCase() });
      const answer = await press(page, 'main form[action="/inloggen/code"] button');
      check(answer.status() === status, `status ${answer.status()}, not ${status}`);
      check(status !== 200 || /\b9\b/.test(await text(page, 'main .notice')), 'not told how many are left');
    }
    await fill(page, { code: codeOf(secret, 1) });
    await press(page, 'main form[action="/inloggen/code"] button');
    check(/herstelcode/.test(await text(page, 'main .notice--warning')), 'not told that one was used');
  },

  async a_passkey_of_this_device_logs_in_alone(page, login, language) {
    const complaints = [];
    const device = await authenticator(page, 'internal');
    const seen = await watchBody(page);
    await giveCredentials(page, login);
    await addPasskey(page, 'Laptop');
    check((await page.$$('main ol code')).length === 10, 'no recovery codes: ' + await text(page));
    await open(page, '/account/passkeys');
    complaints.push(...await lookHere(page, 'signin-passkeys', language));
    check(/heeft al een passkey/.test(await pressInVain(page)), 'the same device twice');
    await press(page, 'main table a');
    await fill(page, { name: 'Schoollaptop' });
    await press(page, 'main form[action^="/account/passkeys/"] button.button--primary');
    check((await text(page)).includes('Schoollaptop'), 'not renamed');
    const [before] = await device.credentials();
    await logOut(page);
    await open(page, '/inloggen?naar=%2Fnummervoorziening');
    await press(page, PASSKEY);
    check(await isLoggedIn(page) && page.url().endsWith('/nummervoorziening'), 'not logged in: ' + await text(page));
    const body = seen.body;
    await logOut(page);
    await open(page, '/inloggen');
    const status = await page.evaluate((sent) => fetch('/inloggen/passkey', { method: 'POST', body: sent,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }).then((answer) => answer.status), body);
    check(status === 422, `the same answer again: status ${status}`);
    await device.clear();
    await device.add(before);
    await open(page, '/inloggen');
    const cloned = await press(page, PASSKEY);
    check(cloned.status() === 422 && !await isLoggedIn(page), 'a passkey whose counter went back logs in');
    return complaints;
  },

  async a_security_key_is_a_second_step(page, login) {
    const key = await authenticator(page, 'usb');
    await giveCredentials(page, login);
    await addPasskey(page, 'Sleutel');
    await logOut(page);
    await giveCredentials(page, login);
    await key.verified(false);
    await pressInVain(page);
    await key.verified(true);
    await press(page, PASSKEY);
    check(await isLoggedIn(page), 'not logged in: ' + await text(page));
    await open(page, '/account/passkeys');
    await press(page, 'main table a');
    await press(page, 'main form[action$="/verwijderen"] button');
    check(await page.$('main .notice--error'), 'the last factor of an administrator is removed');
  },

  async a_passkey_that_nobody_registered_is_refused(page, login) {
    const device = await authenticator(page, 'internal');
    const { privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await device.add({ credentialId: crypto.randomBytes(32).toString('base64'), isResidentCredential: true,
      rpId: 'localhost', userHandle: Buffer.from(login).toString('base64'), signCount: 1,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64') });
    await open(page, '/inloggen');
    const answer = await press(page, PASSKEY);
    check(answer.status() === 422 && !await isLoggedIn(page), `status ${answer.status()}`);
    check(/niet bekend/.test(await text(page)), await text(page));
  },
};

async function without_javascript_an_app_does_and_the_page_says_so(page, login) {
  await open(page, '/inloggen');
  check(/werken alleen met JavaScript/.test(await text(page)), 'the page does not say what works');
  check(!await page.$eval('main form[data-question]', (form) => form.checkVisibility()), 'a button that does nothing');
  await giveCredentials(page, login);
  const { secret } = await setUpApp(page);
  await logOut(page);
  await giveCredentials(page, login);
  await fill(page, { code: codeOf(secret, 1) });
  await press(page, 'main form[action="/inloggen/code"] button');
  check(await isLoggedIn(page), 'the code is refused: ' + await text(page));
}

main(async (browser) => {
  let number = 0;
  const walk = (name, work, language, javascript) => sentence(name, async () => {
    const page = await person(browser, language, javascript);
    try {
      return await work(page, `admin${number++}`, language);
    } finally {
      await page.context.close();
    }
  });
  for (const [name, work] of Object.entries(TESTS)) await walk(name, work, 'nl', true);
  for (const name of ['an_administrator_sets_up_a_second_step_before_anything_else', 'a_code_logs_in_once'])
    await walk(name + '_in_english', TESTS[name], 'en', true);
  await walk('without_javascript_an_app_does_and_the_page_says_so',
    without_javascript_an_app_does_and_the_page_says_so, 'nl', false);
});
