-- SPDX-License-Identifier: EUPL-1.2
-- How people log in, beside their password. Tables account and session are the platform's
-- (platform/schema/001-platform.sql).

-- proof: 1 a password alone, 2 a second factor too. proven: when the person last gave proof.
-- browser: coarse words, "Firefox Windows".
ALTER TABLE session ADD COLUMN proof BIGINT NOT NULL DEFAULT 1;
ALTER TABLE session ADD COLUMN proven BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT '';

-- An app that makes codes (RFC 6238). `secret` is sealed with the key "accounts"; `step` the last
-- time step of which a code was accepted.
CREATE TABLE totp (
    account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    secret BYTEA NOT NULL,
    step BIGINT NOT NULL,
    created BIGINT NOT NULL
);

-- Passkeys (WebAuthn). `credential` is the authenticator's own id, `public_key` a
-- SubjectPublicKeyInfo, `rp` the host name for which it was made, `counter` the last sign counter.
CREATE TABLE passkey (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    credential BYTEA NOT NULL UNIQUE,
    public_key BYTEA NOT NULL,
    rp TEXT NOT NULL,
    name TEXT NOT NULL,
    counter BIGINT NOT NULL,
    created BIGINT NOT NULL,
    used BIGINT NOT NULL
);
CREATE INDEX passkey_by_account ON passkey (account);

-- Recovery codes: SHA-256 of 80 random bits and the account. used: when, 0: not yet. told: the person
-- was told of the use.
CREATE TABLE recovery_code (
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    hash BYTEA NOT NULL,
    used BIGINT NOT NULL,
    told BIGINT NOT NULL,
    PRIMARY KEY (account, hash)
);

-- Challenges to passkeys that were answered: a second answer is refused until the challenge itself
-- is out of date.
CREATE TABLE spent_challenge (
    challenge BYTEA NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE INDEX spent_challenge_by_expiry ON spent_challenge (expires);

-- Wrong guesses of passwords and codes. `what` is a MAC: the table names nobody.
CREATE TABLE wrong_guess (
    what BYTEA NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last BIGINT NOT NULL
);
CREATE INDEX wrong_guess_by_time ON wrong_guess (last);
