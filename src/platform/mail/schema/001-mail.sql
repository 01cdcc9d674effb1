-- SPDX-License-Identifier: EUPL-1.2
-- Mail on its way, and what became of it. `sealed` (address, subject, text) is wiped when it was sent or
-- given up. `about`: what it was for, "invitation:ID". state: 'waiting', 'sent' or 'given-up'; `reason`:
-- a word of ours (mail.h), with the mail server's code where it gave one.
CREATE TABLE mail (
    id TEXT NOT NULL PRIMARY KEY,
    about TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created BIGINT NOT NULL,
    state TEXT NOT NULL,
    changed BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    reason TEXT NOT NULL,
    code BIGINT NOT NULL
);
CREATE INDEX mail_by_time ON mail (state, changed);
