/* SPDX-License-Identifier: EUPL-1.2 */
/* Who asked how much: counts per day, vendor, school and operation, refusals by code, and a sketch of
 * how many different ECK iDs were asked per sector and year. Never a value.
 *
 * Counting is in memory and written once a second, so that a question costs no write; a crash loses
 * the counts of the last second and nothing else. */
#ifndef NUMMERVOORZIENING_USE_H
#define NUMMERVOORZIENING_USE_H

#include "base/instant.h"
#include "platform/db/db.h"
#include "sector/sector.h"
#include "services/nummervoorziening/pseudonym.h"

/* HyperLogLog (Flajolet et al., 2007) with 2^14 registers: a standard error of 0.8 %. */
#define SKETCH_BITS      14
#define SKETCH_REGISTERS (1 << SKETCH_BITS)
struct sketch {
    unsigned char registers[SKETCH_REGISTERS];
};
/* Adds a hash with 64 uniform bits; true when the sketch changed. */
bool sketch_add(struct sketch *sketch, uint64_t hash);
void sketch_merge(struct sketch *into, const struct sketch *from);
int64_t sketch_estimate(const struct sketch *sketch);

struct use;
/* Lives until use_stop. */
struct use *use_new(struct db *db);
/* Writes what is left and ends. */
void use_stop(struct use *use);

/* `operation` and `code` are literals. */
void use_count(struct use *use, const struct oin *vendor, const struct brin *school,
               const char *operation, int64_t pseudonyms, instant now);
void use_refused(struct use *use, const char *operation, const char *code, instant now);
/* An ECK iD was asked; `lookup` is that of its question, different for each ECK iD. */
void use_seen(struct use *use, struct str sector, const struct lookup *lookup, instant now);

/* Writes what was counted so far (also done each second). */
bool use_flush(struct use *use, struct error *err);

#endif
