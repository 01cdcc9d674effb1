/* SPDX-License-Identifier: EUPL-1.2
 * Passkeys: each form with data-question asks the browser for one (or makes one), puts the answer in
 * its hidden fields, and is sent as any other form. Without this script the forms stay hidden. */
'use strict';
(() => {
  const toBytes = (text) => Uint8Array.from(
    atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
  const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

  const question = (form) => {
    const asked = JSON.parse(form.dataset.question);
    asked.challenge = toBytes(asked.challenge);
    for (const list of [asked.allowCredentials, asked.excludeCredentials])
      for (const each of list || []) each.id = toBytes(each.id);
    if (asked.user) asked.user.id = toBytes(asked.user.id);
    return asked;
  };

  const fill = (form, name, buffer) => {
    if (buffer) form.elements[name].value = toText(buffer);
  };

  const ask = async (form) => {
    const asked = question(form);
    const made = asked.rp ? await navigator.credentials.create({ publicKey: asked })
      : await navigator.credentials.get({ publicKey: asked });
    const answer = made.response;
    fill(form, 'client_data', answer.clientDataJSON);
    if (asked.rp) {
      fill(form, 'attestation', answer.attestationObject);
      return;
    }
    fill(form, 'credential', made.rawId);
    fill(form, 'authenticator_data', answer.authenticatorData);
    fill(form, 'signature', answer.signature);
    fill(form, 'user_handle', answer.userHandle);
  };

  for (const form of document.querySelectorAll('form[data-question]')) {
    if (!window.PublicKeyCredential) {
      form.nextElementSibling.hidden = false;
      continue;
    }
    const said = form.querySelector('[role=alert]');
    form.hidden = false;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      said.textContent = '';
      try {
        await ask(form);
        form.submit();
      } catch (error) {
        said.textContent = error.name === 'InvalidStateError' ? form.dataset.known : form.dataset.failed;
      }
    });
  }
})();
