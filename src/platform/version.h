/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PLATFORM_VERSION_H
#define PLATFORM_VERSION_H

#define FUNDAMENT_VERSION "0.1.0"

#endif
