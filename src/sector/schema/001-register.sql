-- SPDX-License-Identifier: EUPL-1.2
-- The sector register. Nothing is deleted: `ended` is the instant at which a thing ended, 0 while it
-- is there. `version` counts the changes of a row from 1. `search` is fold(name, place, identifiers),
-- and serves as the sorting key of names too. `source` is 'duo', 'demo' or 'person'.

CREATE TABLE sector_board (
    number   TEXT   NOT NULL PRIMARY KEY,
    name     TEXT   NOT NULL,
    place    TEXT   NOT NULL,
    source   TEXT   NOT NULL,
    ended    BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    search   TEXT   NOT NULL
);
CREATE INDEX sector_board_by_name ON sector_board (search, number);

CREATE TABLE sector_school (
    brin         TEXT   NOT NULL PRIMARY KEY,
    board        TEXT   NOT NULL REFERENCES sector_board (number),
    kind         BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    place        TEXT   NOT NULL,
    municipality TEXT   NOT NULL,
    province     TEXT   NOT NULL,
    denomination TEXT   NOT NULL,
    website      TEXT   NOT NULL,
    pupils       BIGINT NOT NULL,
    source       TEXT   NOT NULL,
    ended        BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    search       TEXT   NOT NULL
);
CREATE INDEX sector_school_by_name ON sector_school (search, brin);
CREATE INDEX sector_school_by_board ON sector_school (board, ended, search);

-- `kind` is that of the file it came from, `board` as that file says: a school follows its main
-- location in both.
CREATE TABLE sector_location (
    code         TEXT   NOT NULL PRIMARY KEY,
    school       TEXT   NOT NULL REFERENCES sector_school (brin),
    board        TEXT   NOT NULL,
    kind         BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    street       TEXT   NOT NULL,
    house        TEXT   NOT NULL,
    postcode     TEXT   NOT NULL,
    place        TEXT   NOT NULL,
    municipality TEXT   NOT NULL,
    province     TEXT   NOT NULL,
    telephone    TEXT   NOT NULL,
    website      TEXT   NOT NULL,
    denomination TEXT   NOT NULL,
    structure    TEXT   NOT NULL,
    pupils       BIGINT NOT NULL,
    source       TEXT   NOT NULL,
    ended        BIGINT NOT NULL,
    version      BIGINT NOT NULL
);
CREATE INDEX sector_location_by_school ON sector_location (school, ended, code);

CREATE TABLE sector_vendor (
    oin      TEXT   NOT NULL PRIMARY KEY,
    name     TEXT   NOT NULL,
    website  TEXT   NOT NULL,
    source   TEXT   NOT NULL,
    ended    BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    search   TEXT   NOT NULL
);
CREATE INDEX sector_vendor_by_name ON sector_vendor (search, oin);

-- Certificates of a vendor's systems, by the SHA-256 of the certificate in hex.
CREATE TABLE sector_vendor_certificate (
    fingerprint TEXT   NOT NULL PRIMARY KEY,
    vendor      TEXT   NOT NULL REFERENCES sector_vendor (oin),
    serial      TEXT   NOT NULL,
    not_before  BIGINT NOT NULL,
    not_after   BIGINT NOT NULL,
    ended       BIGINT NOT NULL
);
CREATE INDEX sector_vendor_certificate_by_vendor ON sector_vendor_certificate (vendor, not_after);

CREATE TABLE sector_partnership (
    code     TEXT   NOT NULL PRIMARY KEY,
    name     TEXT   NOT NULL,
    place    TEXT   NOT NULL,
    kind     BIGINT NOT NULL,
    source   TEXT   NOT NULL,
    ended    BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    search   TEXT   NOT NULL
);

CREATE TABLE sector_partnership_member (
    partnership TEXT   NOT NULL REFERENCES sector_partnership (code),
    board       TEXT   NOT NULL REFERENCES sector_board (number),
    ended       BIGINT NOT NULL,
    PRIMARY KEY (partnership, board)
);
CREATE INDEX sector_partnership_member_by_board ON sector_partnership_member (board);

-- People to call at an organisation ("board:41804"). Personal: shown to people who are logged in,
-- never logged, kept out of history and events.
CREATE TABLE sector_contact (
    id           TEXT   NOT NULL PRIMARY KEY,
    organisation TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    email        TEXT   NOT NULL,
    ended        BIGINT NOT NULL
);
CREATE INDEX sector_contact_by_organisation ON sector_contact (organisation, ended);

-- One row for each change of a board, school, location, vendor or partnership: the version that it
-- made, and what differed as {"field": ["before", "after"]}.
CREATE TABLE sector_history (
    kind    TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    version BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    what    TEXT   NOT NULL,
    changes TEXT   NOT NULL,
    PRIMARY KEY (kind, id, version)
);
