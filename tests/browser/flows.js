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
