/* SPDX-License-Identifier: EUPL-1.2 */
/* The parts of `fundament user`; each gets the words behind its own. */
#ifndef CLI_USER_H
#define CLI_USER_H

#include "cli/commands.h"

bool user_role(const char *word, enum role *role, struct error *err);

/* user_change.c */
bool user_list(struct command_line *line, struct error *err);
bool user_invite(struct command_line *line, struct error *err);
bool user_disable(struct command_line *line, struct error *err);
bool user_enable(struct command_line *line, struct error *err);
bool user_reset_factors(struct command_line *line, struct error *err);
bool user_role_add(struct command_line *line, struct error *err);
bool user_role_remove(struct command_line *line, struct error *err);

#endif
