-- SPDX-License-Identifier: EUPL-1.2
-- The key behind the tokens of forms, sealed: one row, so that all nodes have the same.
CREATE TABLE form_key (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);
