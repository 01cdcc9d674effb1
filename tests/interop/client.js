// SPDX-License-Identifier: EUPL-1.2
// The nine operations as npm's `soap` does them: client.js SETTINGS.json. Fails with the first
// difference.
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const soap = require('soap');

const given = JSON.parse(fs.readFileSync(process.argv[2]));
const NS = 'http://ketenid.nl/eck/schemas/v1_0';
const WSA = 'http://www.w3.org/2005/08/addressing';
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function connect() {
  const tls = {
    ca: fs.readFileSync(given.ca),
    cert: fs.readFileSync(given.certificate),
    key: fs.readFileSync(given.key),
  };
  const agent = new (require('https').Agent)({ ...tls, keepAlive: true });
  const client = await soap.createClientAsync(given.address + '?wsdl', {
    wsdl_options: { httpsAgent: agent, proxy: false },
    endpoint: given.address,
  });
  client.setSecurity(new soap.ClientSSLSecurity(tls.key, tls.cert, tls.ca, {}));
  return client;
}

async function call(client, operation, request) {
  client.clearSoapHeaders();
  client.addSoapHeader(
    `<wsa:Action xmlns:wsa="${WSA}">${NS}/${operation}</wsa:Action>` +
    `<wsa:MessageID xmlns:wsa="${WSA}">urn:uuid:${crypto.randomUUID()}</wsa:MessageID>` +
    `<wsa:To xmlns:wsa="${WSA}">${given.address}</wsa:To>` +
    `<wsa:From xmlns:wsa="${WSA}"><wsa:Address>${given.from}</wsa:Address></wsa:From>`);
  const [answer] = await client[operation + 'Async'](request, { proxy: false });
  return answer;
}

async function actorOf(client, operation, request) {
  try {
    await call(client, operation, request);
  } catch (error) {
    return error.root.Envelope.Body.Fault.faultactor;
  }
  throw new Error(`${operation} gave no fault`);
}

async function fetchBatch(client, batchIdentifier) {
  for (let turn = 0; turn < 200; turn++) {
    try {
      return await call(client, 'retrieveBatch', { batchIdentifier });
    } catch (error) {
      if (error.root.Envelope.Body.Fault.faultactor !== 'NotFinishedException') throw error;
      await pause(50);
    }
  }
  throw new Error('the batch did not finish');
}

const list = (value) => (value === undefined ? [] : [].concat(value));

async function main() {
  const client = await connect();
  const concept = { chainId: given.chainId, sectorId: given.sectorId };

  const ping = await call(client, 'ping', {});
  assert.strictEqual(String(ping.available), 'true');
  assert.ok(ping.applicationVersion.startsWith('2.0'));

  const chains = await call(client, 'retrieveChains', {});
  assert.ok(list(chains.chain).some((chain) => chain.id === given.chainId));
  const sectors = await call(client, 'retrieveSectors', {});
  assert.ok(list(sectors.sector).some((sector) => sector.id === given.sectorId));

  const single = await call(client, 'retrieveStampseudonym', { hpgn: given.hpgn });
  assert.strictEqual(single.stampseudonym, given.stampseudonym);
  const eck = await call(client, 'retrieveEckId', { stampseudonym: given.stampseudonym, ...concept });
  assert.strictEqual(eck.eckId, given.eckId);

  const first = await call(client, 'submitStampseudonymBatch', {
    hpgnList: [{ index: 0, hPgn: given.hpgn }, { index: 1, hPgn: 'bad' }],
  });
  const stampseudonyms = await fetchBatch(client, first.batchIdentifier);
  assert.strictEqual(list(stampseudonyms.success)[0].value, given.stampseudonym);
  assert.strictEqual(Number(list(stampseudonyms.failed)[0].index), 1);

  const second = await call(client, 'submitEckIdBatch', {
    stampseudonymList: [{ index: 0, stampseudonym: given.stampseudonym }], ...concept,
  });
  const eckIds = await fetchBatch(client, second.batchIdentifier);
  assert.strictEqual(list(eckIds.success)[0].value, given.eckId);

  const before = await call(client, 'retrieveStampseudonym', { hpgn: given.old });
  const replaced = await call(client, 'replaceStampseudonym',
    { hpgnOld: given.old, hpgnNew: given.new });
  assert.strictEqual(replaced.stampseudonym, before.stampseudonym);

  assert.strictEqual(await actorOf(client, 'retrieveStampseudonym', { hpgn: given.old }),
    'BlockedHPgnException');
  assert.strictEqual(await actorOf(client, 'retrieveStampseudonym', { hpgn: 'bad' }),
    'InvalidHPgnException');
  console.log('nine operations, two faults');
}

// The message only: the error of the library holds the request.
main().catch((error) => {
  const fault = error.root && error.root.Envelope && error.root.Envelope.Body.Fault;
  console.error(fault ? `${fault.faultactor}: ${fault.faultstring}` : error.stack);
  process.exit(1);
});
