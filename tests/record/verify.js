// SPDX-License-Identifier: EUPL-1.2
// Verifies a message with the convention's own package: verify.js SECRET, the message on standard input.
'use strict';
const path = require('path');
const { Webhook } = require(path.join(__dirname, '..', 'node_modules', 'standardwebhooks'));
let text = '';
process.stdin.on('data', (part) => { text += part; });
process.stdin.on('end', () => {
  const { headers, body } = JSON.parse(text);
  new Webhook(process.argv[2]).verify(body, headers);
  let refused = false;
  try {
    new Webhook(process.argv[2]).verify(body + ' ', headers);
  } catch (why) {
    refused = true;
  }
  process.exit(refused ? 0 : 1);
});
