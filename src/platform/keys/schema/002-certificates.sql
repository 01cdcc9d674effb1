-- SPDX-License-Identifier: EUPL-1.2
-- The certificate of a version whose key has a public half (X.509, DER), the same on all nodes.
ALTER TABLE key_version ADD COLUMN certificate BYTEA;
