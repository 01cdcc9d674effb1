-- SPDX-License-Identifier: EUPL-1.2
-- Who is sending a batch to its vendor (base/process.h): a delivery of a process that is no more can be
-- fetched again. Empty: a node of a version that did not say; then its time decides.

ALTER TABLE nummervoorziening_batch ADD COLUMN delivering_process TEXT NOT NULL DEFAULT '';
