/* SPDX-License-Identifier: EUPL-1.2 */
/* Every command, each in the file of its name. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct command command_allow;
extern const struct command command_backup;
extern const struct command command_audit;
extern const struct command command_certificate;
extern const struct command command_config;
extern const struct command command_demo;
extern const struct command command_doctor;
extern const struct command command_events;
extern const struct command command_export;
extern const struct command command_hpgn;
extern const struct command command_import;
extern const struct command command_key;
extern const struct command command_migrate;
extern const struct command command_restore;
extern const struct command command_routes;
extern const struct command command_serve;
extern const struct command command_user;
extern const struct command command_version;

#endif
