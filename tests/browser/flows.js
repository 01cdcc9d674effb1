// SPDX-License-Identifier: EUPL-1.2
// What people do, each with JavaScript on and once more with it off.
'use strict';
const { given, sentence, check, person, open, fill, press, logIn, text, main } = require('./browser.js');

const FLOWS = {
  async a_person_logs_in_and_out(page) {
    await logIn(page, 'bestuur');
    check((await text(page, 'header')).match(/Uitloggen/), 'no log-out in the header');
    await press(page, 'form[action="/uitloggen"] button');
    check((await text(page, 'header')).match(/Inloggen/), 'still logged in');
    const answer = await open(page, '/nummervoorziening');
    check(page.url().includes('/inloggen') || answer.status() === 401 || answer.status() === 200,
      'after logging out');
  },

  async a_wrong_password_is_told_beside_the_field(page) {
    await open(page, '/inloggen');
    await fill(page, { login: 'bestuur', password: 'not the password' });
    const answer = await press(page, 'main form[action^="/inloggen"] button[type=submit]');
    check(answer.status() === 422, `status ${answer.status()}`);
    check(await page.$('main [aria-invalid=true], main .notice--error, main [role=alert]'), 'no message');
    const kept = await page.$eval('main [name=login]', (field) => field.value);
    check(kept === 'bestuur', 'what was typed is gone');
    check(await page.$eval('main [name=password]', (field) => field.value) === '', 'the password was sent back');
  },

  async a_school_is_searched_and_sorted(page) {
    await open(page, '/scholen');
    const name = await page.$eval('main table a[href^="/scholen/"]', (link) => link.textContent.trim());
    await fill(page, { q: name });
    await press(page, 'main form[role=search] button, main form button[type=submit]');
    check((await text(page)).includes(name), 'the school is not found');
    await open(page, '/scholen');
    await press(page, 'main th a');
    check(page.url().includes('sort='), 'not sorted');
    await press(page, 'main table a[href^="/scholen/"]');
    check(/\/scholen\/\d\d[A-Z]{2}$/.test(page.url()), 'no school');
  },

  async a_list_is_downloaded_as_csv(page) {
    await open(page, '/scholen');
    const link = await page.$eval('main a[href*="format=csv"]', (element) => element.getAttribute('href'));
    const client = await page.createCDPSession();
    await client.send('Browser.setDownloadBehavior', { behavior: 'deny' });
    check(link, 'no download');
  },

  async a_board_ends_and_signs_up_its_schools(page) {
    await logIn(page, 'bestuur');
    for (const wish of [1, 0]) { // end the vendors first, then allow them again
      await open(page, '/nummervoorziening/aansluiten');
      for (const box of await page.$$('main input[type=checkbox]'))
        if (!await box.evaluate((element) => element.checked)) await box.click();
      const wishes = await page.$$('main input[type=radio]');
      check(wishes.length === 3, `${wishes.length} choices of what to do`);
      await wishes[wish].click();
      await press(page, 'main form button[type=submit]');
      check(/changes|wijzigingen/.test(await text(page)), 'no preview: ' + await text(page));
      await press(page, 'main form button.button--primary');
      check(await page.$('main .notice--ok'), 'not told that it was done');
    }
  },

  async a_preview_of_nothing_offers_no_confirmation(page) {
    await logIn(page, 'bestuur');
    await open(page, '/nummervoorziening/aansluiten');
    const answer = await press(page, 'main form button[type=submit]');
    check(answer.status() === 422, `status ${answer.status()}`);
    check(await page.$('main .problems a, main [role=alert], main [aria-invalid=true]'), 'no message');
  },

  async a_test_certificate_is_made_on_the_spot(page) {
    await open(page, '/nummervoorziening/ontwikkelaars');
    const folder = given.profile + '/downloads-' + Date.now();
    const client = await page.createCDPSession();
    await client.send('Browser.setDownloadBehavior',
      { behavior: 'allow', downloadPath: folder, browserContextId: page.context.id });
    const button = await page.$('main form[action="/nummervoorziening/ontwikkelaars"] button');
    check(button, 'no button');
    await button.click();
    for (let turn = 0; turn < 100; turn++) {
      const names = require('fs').existsSync(folder) ? require('fs').readdirSync(folder) : [];
      const made = names.find((name) => name.endsWith('.pem'));
      if (made) {
        const pem = require('fs').readFileSync(folder + '/' + made, 'utf8');
        check(/BEGIN CERTIFICATE/.test(pem) && /PRIVATE KEY/.test(pem), 'no certificate with its key');
        return;
      }
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error('nothing was downloaded: ' + await text(page));
  },

  async the_language_is_switched_and_stays(page) {
    await open(page, '/scholen');
    await press(page, 'header a[hreflang=en]');
    check(new URL(page.url()).pathname === '/scholen', 'another page: ' + page.url());
    const language = () => page.$eval('html', (element) => element.lang);
    check(await language() === 'en', 'not English');
    await open(page, '/');
    check(await language() === 'en', 'it did not stay');
    await press(page, 'header a[hreflang=nl]');
    check(await language() === 'nl', 'not Dutch again');
  },
};

main(async (browser) => {
  for (const javascript of [true, false]) {
    for (const [name, walk] of Object.entries(FLOWS)) {
      await sentence(`${name}_${javascript ? 'with' : 'without'}_javascript`, async () => {
        const page = await person(browser, 'nl', javascript);
        try {
          await walk(page);
        } finally {
          await page.context.close();
        }
      });
    }
  }
});
