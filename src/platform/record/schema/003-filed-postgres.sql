-- SPDX-License-Identifier: EUPL-1.2
-- Which rows of the audit trail stand in the record of which organisation (platform/record/filing.h). The
-- indexes that said so had another page to write for each organisation in each commit.
CREATE TABLE audit_of (
    organisation TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (organisation, number)
);
DROP INDEX audit_by_organisation;
DROP INDEX audit_by_subject;
