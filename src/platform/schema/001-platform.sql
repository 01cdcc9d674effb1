-- SPDX-License-Identifier: EUPL-1.2
-- What the platform itself remembers. The table schema_version is made by platform/db/db_migrate.c.

-- Numbers without gaps, in the order of commits (db_next_number).
CREATE TABLE series (
    name TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- The audit trail (platform/record/audit.h): each row's hash covers its fields and the hash before it.
CREATE TABLE audit (
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    on_behalf TEXT NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BYTEA NOT NULL
);
CREATE INDEX audit_by_organisation ON audit (on_behalf, number);
CREATE INDEX audit_by_subject ON audit (subject, number);

-- Events (platform/record/events.h) and how far each follower has come.
CREATE TABLE event (
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE TABLE follower (
    name TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);

-- Background work (platform/record/jobs.h). state: 'waiting', 'running' or 'failed'; what is done is gone.
-- run_at: not before this; of a running one: when its lease ends and another worker may take it.
CREATE TABLE job (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    node TEXT NOT NULL,
    last_error TEXT NOT NULL
);
CREATE INDEX job_by_time ON job (kind, run_at) WHERE state <> 'failed';
CREATE INDEX job_by_state ON job (state);

-- People (platform/people/accounts.h). `login` is in lower case; `password` an Argon2id string or empty;
-- `disabled` the instant since when, 0: not.
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    created BIGINT NOT NULL,
    disabled BIGINT NOT NULL
);
CREATE TABLE membership (
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    organisation TEXT NOT NULL,
    PRIMARY KEY (account, role, organisation)
);
CREATE TABLE session (
    token_hash BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of the cookie
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX session_by_account ON session (account);
CREATE INDEX session_by_expiry ON session (expires);
