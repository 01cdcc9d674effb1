-- SPDX-License-Identifier: EUPL-1.2
-- Who acts for an organisation: invitations, for whom a person works now, and operators who act for a
-- board. The roles themselves are the table membership of the platform's first schema.
CREATE INDEX membership_by_organisation ON membership (organisation, role);

-- For whom a session works, by kind ("board", "vendor"), where its person may choose.
CREATE TABLE working_for (
    token_hash BYTEA NOT NULL REFERENCES session (token_hash) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    organisation TEXT NOT NULL,
    PRIMARY KEY (token_hash, kind)
);

-- An operator acts for a board, in one session. Kept for the board when it has ended (`ended`: the
-- instant, 0: not by hand); it lasts until `ends` at most.
CREATE TABLE acting (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    organisation TEXT NOT NULL,
    reason TEXT NOT NULL,
    started BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    ended BIGINT NOT NULL
);
CREATE INDEX acting_by_session ON acting (token_hash, ended);
CREATE INDEX acting_by_organisation ON acting (organisation, started);

-- Invitations. `sealed`: name and address, for as long as it is open; `address_mac` tells whether there
-- is an open one for the same address. outcome: 'open', 'accepted', 'revoked' or 'expired'. The token
-- itself is only in the mail.
CREATE TABLE invitation (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    role TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    address_mac BYTEA NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    language TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    mail TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    ended BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitation_open ON invitation (organisation, role, address_mac)
    WHERE outcome = 'open';
CREATE INDEX invitation_by_end ON invitation (outcome, expires);

-- Where a person reads notices; sealed.
CREATE TABLE account_address (
    account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    sealed BYTEA NOT NULL
);
