-- SPDX-License-Identifier: EUPL-1.2
-- The Nummervoorziening. There is no table of pupils: pseudonyms are derived. Only imported pairs and
-- substitutions are kept, found by a MAC of their input and sealed; so is the content of batches.
-- Instants are microseconds; `until` 0 means without an end.

CREATE TABLE nummervoorziening_caller (
    oin TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE nummervoorziening_school (
    brin TEXT PRIMARY KEY,
    board TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX nummervoorziening_school_board ON nummervoorziening_school (board);

-- Which vendor a school lets ask pseudonyms of its pupils.
CREATE TABLE nummervoorziening_permission (
    brin TEXT NOT NULL,
    oin TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (brin, oin)
);

CREATE TABLE nummervoorziening_chain (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    edited BIGINT NOT NULL
);
CREATE TABLE nummervoorziening_sector (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    edited BIGINT NOT NULL
);

-- kind 1: HPGN -> stampseudoniem; 2: this stampseudoniem is known here; 3: stampseudoniem, chain and
-- sector -> ECK iD.
CREATE TABLE nummervoorziening_pair (
    lookup BYTEA PRIMARY KEY,
    kind BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    imported BIGINT NOT NULL
);

-- sealed: the stampseudoniem that the old HPGN had by itself (imported or derived).
CREATE TABLE nummervoorziening_substitution (
    new_lookup BYTEA PRIMARY KEY,
    old_lookup BYTEA NOT NULL UNIQUE,
    sealed BYTEA NOT NULL,
    effective BIGINT NOT NULL,
    requested BIGINT NOT NULL,
    oin TEXT NOT NULL,
    brin TEXT NOT NULL
);

-- kind 1: stampseudoniemen; 2: ECK iDs.
CREATE TABLE nummervoorziening_batch (
    id TEXT PRIMARY KEY,
    oin TEXT NOT NULL,
    brin TEXT NOT NULL,
    kind BIGINT NOT NULL,
    chain TEXT NOT NULL,
    sector TEXT NOT NULL,
    state TEXT NOT NULL,
    items BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    chunks BIGINT NOT NULL,
    chunks_done BIGINT NOT NULL,
    day TEXT NOT NULL,
    submitted BIGINT NOT NULL,
    finished BIGINT NOT NULL,
    delivering BIGINT NOT NULL,
    retrieved BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX nummervoorziening_batch_day ON nummervoorziening_batch (oin, brin, day);
CREATE INDEX nummervoorziening_batch_state ON nummervoorziening_batch (state, expires);
CREATE INDEX nummervoorziening_batch_submitted ON nummervoorziening_batch (submitted);

CREATE TABLE nummervoorziening_batch_chunk (
    batch TEXT NOT NULL REFERENCES nummervoorziening_batch (id),
    number BIGINT NOT NULL,
    done BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (batch, number)
);

CREATE TABLE nummervoorziening_use (
    brin TEXT NOT NULL,
    day TEXT NOT NULL,
    oin TEXT NOT NULL,
    operation TEXT NOT NULL,
    calls BIGINT NOT NULL,
    pseudonyms BIGINT NOT NULL,
    PRIMARY KEY (brin, day, oin, operation)
);
CREATE INDEX nummervoorziening_use_day ON nummervoorziening_use (day);

CREATE TABLE nummervoorziening_refusal (
    day TEXT NOT NULL,
    operation TEXT NOT NULL,
    code TEXT NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (day, operation, code)
);

-- A HyperLogLog sketch of the different ECK iDs asked in a year: it counts them without keeping them.
CREATE TABLE nummervoorziening_growth (
    sector TEXT NOT NULL,
    year BIGINT NOT NULL,
    registers BYTEA NOT NULL,
    PRIMARY KEY (sector, year)
);
-- The estimate at the end of each month of that year.
CREATE TABLE nummervoorziening_growth_month (
    sector TEXT NOT NULL,
    month TEXT NOT NULL,
    estimate BIGINT NOT NULL,
    PRIMARY KEY (sector, month)
);

INSERT INTO nummervoorziening_chain (id, name, description, edited) VALUES
    ('http://purl.edustandaard.nl/begrippenkader/e7ec7d3c-c235-4513-bfb6-e54e66854795',
     'Educatieve contentketen',
     'De keten waarin scholen leermateriaal kiezen, bestellen, gebruiken en de resultaten ervan zien.',
     1483228800000000);

INSERT INTO nummervoorziening_sector (id, name, description, edited) VALUES
    ('http://purl.edustandaard.nl/begrippenkader/512e4729-03a4-43a2-95ba-758071d1b725',
     'po', 'Het primair onderwijs', 1483228800000000),
    ('http://purl.edustandaard.nl/begrippenkader/2a1401e9-c223-493b-9b86-78f6993b1a8d',
     'vo', 'Het voortgezet onderwijs', 1483228800000000),
    ('http://purl.edustandaard.nl/begrippenkader/f3ac3fbb-5eae-49e0-8494-0a44855fff25',
     'mbo', 'Het middelbaar beroepsonderwijs', 1483228800000000),
    ('http://purl.edustandaard.nl/begrippenkader/9d0d2f4e-6c1b-4c0a-8f54-0b7d5b1c7a3e',
     'ho', 'Het hoger onderwijs', 1483228800000000);
