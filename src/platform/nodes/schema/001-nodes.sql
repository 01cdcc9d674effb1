-- SPDX-License-Identifier: EUPL-1.2
-- The processes that serve this database (platform/nodes/nodes.h). state: 'serving', 'leaving' (told to
-- stop, still serving) or 'stopped'. Instants are microseconds.

CREATE TABLE node (
    process TEXT NOT NULL PRIMARY KEY, -- host:pid:start
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    role TEXT NOT NULL,                -- the services that it runs
    state TEXT NOT NULL,
    key_mark TEXT NOT NULL,            -- differs where the key files differ
    started BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    requests BIGINT NOT NULL,          -- in the second before
    running BIGINT NOT NULL,           -- requests under way
    processor BIGINT NOT NULL,         -- thousandths of a core, in the second before
    memory BIGINT NOT NULL,            -- bytes
    answer BIGINT NOT NULL             -- microseconds that the database took for the last sign of life
);

-- What each node's rate limits gave out, for the others to count in: the last few signs of life.
CREATE TABLE node_rate (
    process TEXT NOT NULL,
    slot BIGINT NOT NULL,
    beat BIGINT NOT NULL,
    at BIGINT NOT NULL,
    taken BYTEA NOT NULL,
    PRIMARY KEY (process, slot)
);
