-- SPDX-License-Identifier: EUPL-1.2
-- Which versions of which key there are; the keys themselves are in files or in a token. Instants are
-- microseconds.

-- state: next, active, previous or retired, from `since` on; a rotation is written some seconds before
-- it takes effect. engine: file or pkcs11. fingerprint: the same on all nodes. attributes: what the
-- version has besides its key, one a line, in the order of the key's declaration.
CREATE TABLE key_version (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    engine TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    attributes TEXT NOT NULL,
    made BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (name, version)
);
