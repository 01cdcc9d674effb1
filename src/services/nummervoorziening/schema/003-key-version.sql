-- SPDX-License-Identifier: EUPL-1.2
-- The version of the key that derived the sealed stampseudoniem; 0: it was imported, or it is known
-- (a pair of kind 2) and needs no key any more.
ALTER TABLE nummervoorziening_substitution ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
