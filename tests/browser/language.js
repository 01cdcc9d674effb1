// SPDX-License-Identifier: EUPL-1.2
// Is every text on a page in the page's language? Two ways to see that it is not: a text of the
// catalogues stands there in the other language; or a text has words that only the other has.
'use strict';
const fs = require('fs');
const path = require('path');
const { given } = require('./browser.js');

// Words that do not occur in the other language, nor in names of schools, boards and places.
const ONLY = {
  nl: /\b(een|uw|deze|wordt|worden|niet|zijn|kunt|hier|geen|nog)\b/i,
  en: /\b(the|and|your|this|with|which|these|are|not|you)\b/i,
};

function catalogues(folder, found = []) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const where = path.join(folder, entry.name);
    if (entry.isDirectory()) catalogues(where, found);
    else if (entry.name.endsWith('.po')) found.push(where);
  }
  return found;
}

const unquote = (lines) => lines.map((line) => JSON.parse(line)).join('');

// [English, Dutch] of every message.
function messages() {
  const pairs = [];
  const one = /^msgid ((?:"(?:\\.|[^"\\])*"\s*)+)^msgstr ((?:"(?:\\.|[^"\\])*"\s*)+)/gm;
  const strings = (text) => unquote(text.match(/"(?:\\.|[^"\\])*"/g));
  for (const file of catalogues(given.source)) {
    for (const [, id, translation] of fs.readFileSync(file, 'utf8').matchAll(one)) {
      const pair = [strings(id), strings(translation)];
      if (pair[0]) pairs.push(pair);
    }
  }
  return pairs;
}

// What stands in the other language's column, and not in this one's.
function foreignTexts(language) {
  const [mine, theirs] = language === 'nl' ? [1, 0] : [0, 1];
  const own = new Set(pairs.map((pair) => pair[mine]));
  return new Set(pairs.map((pair) => pair[theirs])
    .filter((text) => /\S\s+\S/.test(text) && !text.includes('%') && !own.has(text)));
}

// Descriptions of the sectors: data of the field, in Dutch.
const DATA = new Set(['Primair onderwijs', 'Voortgezet onderwijs', 'Middelbaar beroepsonderwijs',
  'Hoger onderwijs']);

const pairs = messages();
const foreign = { nl: foreignTexts('nl'), en: foreignTexts('en') };

// The texts of a page outside code and outside what says that it is in another language.
async function texts(page) {
  return page.evaluate(() => {
    const own = document.documentElement.lang;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [document.title];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      const stated = element.closest('[lang]');
      if (element.closest('pre, code, script, style, textarea, [translate=no]')) continue;
      if (stated && stated.lang !== own) continue;
      const text = node.textContent.replace(/\s+/g, ' ').trim();
      if (text) found.push(text);
    }
    for (const name of ['title', 'alt', 'aria-label', 'placeholder']) {
      for (const element of document.querySelectorAll(`[${name}]`)) found.push(element.getAttribute(name));
    }
    return found;
  });
}

async function untranslated(page, language) {
  const other = language === 'nl' ? 'en' : 'nl';
  return (await texts(page))
    .filter((text) => !DATA.has(text)).filter((text) => foreign[language].has(text)
      || (ONLY[other].test(text) && !ONLY[language].test(text)))
    .map((text) => `not translated: "${text.slice(0, 100)}"`);
}

module.exports = { untranslated };
