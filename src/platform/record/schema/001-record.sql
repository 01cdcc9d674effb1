-- SPDX-License-Identifier: EUPL-1.2
-- What is remembered of deeds, beside the tables audit, event, follower and job of the platform.

-- Whom an event is about, "board:41804 vendor:00000003272448340204": they may see it.
ALTER TABLE event ADD COLUMN organisations TEXT NOT NULL DEFAULT '';

-- What a deed left behind on PostgreSQL until it is numbered (platform/record/inbox.h).
CREATE TABLE record_inbox (
    at BIGINT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (at, id)
);

-- The last look at the whole audit trail.
CREATE TABLE audit_check (
    name TEXT NOT NULL PRIMARY KEY, -- 'last'
    at BIGINT NOT NULL,
    checked BIGINT NOT NULL,        -- rows
    head TEXT NOT NULL,             -- the hash of the last row, in hex
    problem TEXT NOT NULL           -- empty: the trail fits; else the first row that does not
);

-- How much background work was done, by hour (the instant at which it began).
CREATE TABLE job_tally (
    hour BIGINT NOT NULL,
    kind TEXT NOT NULL,
    done BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (hour, kind)
);

-- Who wants to be told of events, and where. `secret` is sealed; `old_secret` signs too until `old_until`.
CREATE TABLE webhook (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,     -- empty: of the operators, who see every event
    address TEXT NOT NULL,
    kinds TEXT NOT NULL,            -- beginnings of kinds, with blanks between; empty: all
    active BIGINT NOT NULL,
    secret BYTEA NOT NULL,
    old_secret BYTEA NOT NULL,
    old_until BIGINT NOT NULL,
    created BIGINT NOT NULL,
    failures BIGINT NOT NULL,       -- since the last delivery that succeeded
    not_before BIGINT NOT NULL,     -- a receiver that is ill is left alone until then
    delivered BIGINT NOT NULL,      -- how many, ever
    last_delivered BIGINT NOT NULL  -- when; 0: never
);
CREATE INDEX webhook_by_organisation ON webhook (organisation);

-- What must still be delivered (state 'waiting') or could not be ('failed'); what arrived is gone.
CREATE TABLE webhook_delivery (
    webhook TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,         -- of the event; below 0: a test
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,             -- of the event
    state TEXT NOT NULL,
    created BIGINT NOT NULL,        -- or when somebody asked to try again
    attempts BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    reason TEXT NOT NULL,           -- why the last attempt failed
    PRIMARY KEY (webhook, number)
);
CREATE INDEX webhook_delivery_by_time ON webhook_delivery (state, not_before);
