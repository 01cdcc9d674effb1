/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of record share, for its descriptor (service.c) only. */
#ifndef PLATFORM_RECORD_H
#define PLATFORM_RECORD_H

#include "platform/record/jobs.h"
#include "platform/service.h"
#include "platform/operation/doctor.h"
#include "platform/operation/export.h"

/* Checks the chain of the audit trail, and keeps what came out (audit_last_result). */
bool audit_check_job(struct app *app, struct arena *arena, const struct job *job,
                     struct error *err);

extern const struct export_table record_exports[]; /* ends with a NULL name */
extern const struct check record_checks[];         /* ends with a NULL name */

#endif
