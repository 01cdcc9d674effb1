/* SPDX-License-Identifier: EUPL-1.2 */
/* Translation from the embedded GNU .mo catalogue ("The Format of GNU MO Files", gettext manual):
 * a header, two tables of (length, offset) pairs, the first sorted by message. It is looked in where
 * it lies; every offset is checked against its end. */
#include "platform/embedded.h"
#include "platform/page/page.h"

#include <pthread.h>

#define MO_MAGIC  0x950412deu
#define MO_HEADER 28

struct catalogue {
    struct str bytes;
    uint32_t count, originals, translations; /* how many messages; where the tables start */
};

static bool word_at(struct str bytes, size_t offset, uint32_t *word)
{
    if (offset > bytes.len || bytes.len - offset < sizeof *word)
        return false;
    memcpy(word, bytes.at + offset, sizeof *word);
    return true;
}

static bool catalogue_open(struct str bytes, struct catalogue *catalogue)
{
    uint32_t magic = 0;
    catalogue->bytes = bytes;
    return bytes.len >= MO_HEADER && word_at(bytes, 0, &magic) && magic == MO_MAGIC
           && word_at(bytes, 8, &catalogue->count) && word_at(bytes, 12, &catalogue->originals)
           && word_at(bytes, 16, &catalogue->translations);
}

/* Entry `index` of a table as a text that is followed by its NUL; NULL when it lies outside. */
static const char *text_at(const struct catalogue *catalogue, uint32_t table, uint32_t index)
{
    uint32_t len, offset;
    size_t entry = (size_t)table + (size_t)index * 8;
    if (!word_at(catalogue->bytes, entry, &len) || !word_at(catalogue->bytes, entry + 4, &offset))
        return NULL;
    if ((size_t)offset + len >= catalogue->bytes.len
        || catalogue->bytes.at[(size_t)offset + len] != '\0')
        return NULL;
    return catalogue->bytes.at + offset;
}

static const char *find(const struct catalogue *catalogue, const char *message)
{
    uint32_t low = 0, high = catalogue->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *original = text_at(catalogue, catalogue->originals, middle);
        if (!original)
            return NULL;
        int order = strcmp(original, message);
        if (order == 0)
            return text_at(catalogue, catalogue->translations, middle);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *catalogue_find(struct str bytes, const char *message)
{
    struct catalogue catalogue;
    return catalogue_open(bytes, &catalogue) ? find(&catalogue, message) : NULL;
}

/* The process's own state: the Dutch catalogue in the executable, opened once. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct catalogue dutch;

static void open_dutch(void)
{
    const struct embedded *file = embedded_find(STR("nl.mo"));
    if (!file || !catalogue_open(file->bytes, &dutch))
        dutch.count = 0;
}

const char *translate(enum language language, const char *message)
{
    if (language != DUTCH || !*message) /* the empty message is the catalogue's own header */
        return message;
    pthread_once(&once, open_dutch);
    const char *found = find(&dutch, message);
    return found && *found ? found : message;
}

struct str tr(const struct request *request, const char *message)
{
    return str_of(translate(request->language, message));
}

struct str trf(const struct request *request, const char *message, ...)
{
    va_list args;
    va_start(args, message);
    struct str text = str_vformat(request->arena, translate(request->language, message), args);
    va_end(args);
    return text;
}
