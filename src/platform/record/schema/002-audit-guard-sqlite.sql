-- SPDX-License-Identifier: EUPL-1.2
-- Nobody changes or removes a row of the audit trail by accident. Who owns the file can drop these
-- triggers; the chain of hashes is for them.
CREATE TRIGGER audit_keeps_rows BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only added to');
END;
CREATE TRIGGER audit_loses_no_rows BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only added to');
END;
