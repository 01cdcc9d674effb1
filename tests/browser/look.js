// SPDX-License-Identifier: EUPL-1.2
// What is looked at on a page that is open: axe, overflow, in three widths, light and dark.
'use strict';
const fs = require('fs');
const path = require('path');
const { given } = require('./browser.js');
const { untranslated } = require('./language.js');

const WIDTHS = [320, 768, 1280];
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const axe = fs.readFileSync(given.axe, 'utf8');

async function violations(page) {
  await page.evaluate(axe);
  const result = await page.evaluate((tags) => window.axe.run(document, {
    runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'],
  }), TAGS);
  return result.violations.map((each) =>
    `axe ${each.id}: ${each.help}: ${each.nodes.slice(0, 2).map((node) => node.html.slice(0, 140)).join(' | ')}`);
}

async function overflow(page) {
  const [inner, wide] = await page.evaluate(() => {
    const width = window.innerWidth;
    const culprit = [...document.querySelectorAll('body *')].find((element) =>
      element.getBoundingClientRect().right > width + 1 && !element.closest('.skip-link'));
    return [document.scrollingElement.scrollWidth - width, culprit && culprit.outerHTML.slice(0, 120)];
  });
  return inner > 0 ? [`overflows sideways by ${inner} px (${wide})`] : [];
}

// Waits until no colour is on its way from one scheme to the other.
async function scheme(page, value) {
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value },
    { name: 'prefers-reduced-motion', value: 'reduce' }]);
  await page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished)));
}

// The page that is open now, without loading it again: of the answer to a form there is only one.
async function lookHere(page, name, language) {
  const complaints = await untranslated(page, language);
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 900 });
    for (const each of [...await overflow(page), ...await violations(page)])
      complaints.push(`at ${width} px: ${each}`);
    const file = path.join(given.screenshots, `${name}-${language}-${width}.png`);
    await page.screenshot({ path: file, fullPage: true });
  }
  await scheme(page, 'dark');
  complaints.push(...(await violations(page)).map((each) => `in the dark: ${each}`));
  await scheme(page, 'light');
  return complaints.map((line) => `${language}: ${line}`);
}

module.exports = { WIDTHS, violations, overflow, scheme, lookHere };
