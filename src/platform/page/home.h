/* SPDX-License-Identifier: EUPL-1.2 */
/* The pages of the house itself, for the table of platform_service. */
#ifndef PLATFORM_HOME_H
#define PLATFORM_HOME_H

#include "platform/http/http.h"

bool show_home(struct request *request, struct error *err);    /* / */
bool show_about(struct request *request, struct error *err);   /* /over */
bool set_language(struct request *request, struct error *err); /* /taal/{language} */

#endif
