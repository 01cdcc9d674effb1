// SPDX-License-Identifier: EUPL-1.2
// Two people in two browsers who change the same thing: who saves second sees what differs, chooses,
// and nothing is lost.
'use strict';
const { sentence, check, person, open, fill, press, logIn, text, main } = require('./browser.js');
const { lookHere } = require('./look.js');

const SAVE = 'main form button[type=submit]';

async function pair(browser, login, language) {
  const people = [];
  for (let i = 0; i < 2; i++) {
    const page = await person(browser, language, i === 0); // the second one without JavaScript
    await logIn(page, login);
    people.push(page);
  }
  return people;
}

// axe needs JavaScript; the page itself does not.
async function lookAt(page, name, language) {
  await page.setJavaScriptEnabled(true);
  return lookHere(page, name, language);
}

async function choose(page, name, label) {
  const choices = await page.$$(`main [name="${name}"]`);
  for (const choice of choices)
    if ((await choice.evaluate((input) => input.labels[0].innerText)).startsWith(label)) return choice.click();
  throw new Error(`no choice "${label}" of ${name}`);
}

const WORDS = {
  nl: { mine: 'Van u', now: 'Nu in het register', other: 'Iemand anders heeft dit gewijzigd' },
  en: { mine: 'Yours', now: 'In the register now', other: 'Somebody else changed this' },
};

const NAMES = { nl: ['Stichting Eén', 'مؤسسة ثانية'], en: ['One Foundation', 'קרן שנייה'] };

async function boards(first, second, language) {
  const words = WORDS[language], [one, two] = NAMES[language];
  for (const page of [first, second]) await open(page, '/besturen/10002/wijzigen');
  await fill(first, { name: one, place: 'Ede' });
  await press(first, SAVE);
  await fill(second, { name: two });
  const answer = await press(second, SAVE);
  check(answer.status() === 409, `status ${answer.status()}`);
  check((await text(second)).includes(words.other), 'not told: ' + await text(second));
  const complaints = await lookAt(second, 'conflict-board', language);
  await choose(second, 'name', words.mine);
  await press(second, SAVE);
  const board = await text(second);
  check(board.includes(two) && board.includes('Ede'), 'not both are kept: ' + board);
  return complaints;
}

async function vendors(first, second, language) {
  const words = WORDS[language];
  await open(first, '/leveranciers');
  const link = await first.$eval('main table a[href^="/leveranciers/"]', (each) => each.getAttribute('href'));
  for (const page of [first, second]) await open(page, link + '/wijzigen');
  await fill(first, { website: `www.first-${language}.example` });
  await press(first, SAVE);
  await fill(second, { website: `www.second-${language}.example` });
  await press(second, SAVE);
  const complaints = await lookAt(second, 'conflict-vendor', language);
  await choose(second, 'website', words.now);
  await press(second, SAVE);
  check((await text(second)).includes(`www.first-${language}.example`), 'the choice was not kept');
  return complaints;
}

async function concepts(first, second, language) {
  for (const page of [first, second]) {
    await open(page, '/nummervoorziening/beheer');
    await press(page, 'main a[href*="soort=sector"]');
  }
  const form = 'main form[action$="/begrippen"]';
  await fill(first, { betekenis: 'First meaning ' + language });
  await press(first, form + ' button');
  await fill(second, { betekenis: 'Second meaning ' + language });
  const answer = await press(second, form + ' button');
  check(answer.status() === 409, `status ${answer.status()}`);
  const complaints = await lookAt(second, 'conflict-concept', language);
  await choose(second, 'betekenis', WORDS[language].mine);
  await press(second, SAVE);
  check((await text(second)).includes('Second meaning ' + language), 'the choice was not kept');
  return complaints;
}

async function wish(page, which, vendors) {
  await open(page, '/nummervoorziening/aansluiten');
  await (await page.$$('main [name=wens]'))[which].click();
  await (await page.$$('main [name=school]'))[0].click();
  const boxes = await page.$$('main [name=leverancier]');
  for (const at of vendors) await boxes[at].click();
  await press(page, SAVE);
}

async function signUps(first, second, language) {
  await wish(first, 1, [0, 1]); // a known start: the first two vendors have ended
  if (await first.$(SAVE)) await press(first, SAVE);
  await wish(second, 0, [0, 1]);
  await wish(first, 0, [0]);
  await press(first, SAVE);
  const answer = await press(second, SAVE);
  check(answer.status() === 409, `status ${answer.status()}`);
  const complaints = await lookAt(second, 'conflict-sign-up', language);
  await press(second, SAVE);
  check(await second.$('main .notice--ok'), 'not told that it was done');
  return complaints;
}

// Clicked twice before the first answer came: one change, and a calm page.
async function doubleClick(first, second) {
  await open(first, '/besturen/10001/wijzigen');
  await fill(first, { name: 'Clicked twice ' + Date.now() });
  await Promise.all([first.waitForNavigation({ waitUntil: 'networkidle0' }),
    first.$eval(SAVE, (button) => { button.click(); button.click(); })]);
  check(/\/besturen\/10001$/.test(first.url()), 'it ended at ' + first.url());
  check(await first.$('main .notice--ok, main h1'), 'no page');
}

main(async (browser) => {
  for (const language of ['nl', 'en']) {
    const operators = await pair(browser, 'beheer', language);
    const board = await pair(browser, 'bestuur', language);
    await sentence(`two_people_change_a_board_${language}`, () => boards(...operators, language));
    await operators[1].setJavaScriptEnabled(false);
    await sentence(`two_people_change_a_vendor_${language}`, () => vendors(...operators, language));
    await operators[1].setJavaScriptEnabled(false);
    await sentence(`two_people_change_a_sector_${language}`, () => concepts(...operators, language));
    await sentence(`two_people_change_sign_ups_${language}`, () => signUps(...board, language));
    await sentence(`a_double_click_is_no_conflict_${language}`, () => doubleClick(...operators));
    for (const page of [...operators, ...board]) await page.context.close();
  }
});
