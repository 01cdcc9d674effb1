/* SPDX-License-Identifier: EUPL-1.2 */
/* The synthetic demo sector. The same size always gives the same sector, a larger one contains a
 * smaller one, and what is there already is left alone. Places exist; everything else is made up:
 * board numbers from 10001, BRINs from 90AA (no real one comes near), websites under .example. */
#include "sector/demo.h"

#include "platform/app.h"
#include "platform/record/audit.h"
#include "sector/changes.h"
#include "sector/register.h"

#define SCHOOLS_OF_BOARD      6
#define BOARDS_OF_PARTNERSHIP 15
#define FIRST_BOARD           10001
#define FIRST_PARTNERSHIP     9001
#define SCHOOLS_AT_ONCE       1200 /* in one transaction; a multiple of SCHOOLS_OF_BOARD */

static const struct {
    struct str place, municipality, province;
    int postcode;
} places[] = {
    { S("APELDOORN"), S("APELDOORN"), S("Gelderland"), 7311 },
    { S("ZOETERMEER"), S("ZOETERMEER"), S("Zuid-Holland"), 2711 },
    { S("SNEEK"), S("SUDWEST-FRYSLAN"), S("Friesland"), 8601 },
    { S("VENLO"), S("VENLO"), S("Limburg"), 5911 },
    { S("HOORN"), S("HOORN"), S("Noord-Holland"), 1621 },
    { S("GOES"), S("GOES"), S("Zeeland"), 4461 },
    { S("ASSEN"), S("ASSEN"), S("Drenthe"), 9401 },
    { S("HELMOND"), S("HELMOND"), S("Noord-Brabant"), 5701 },
    { S("AMERSFOORT"), S("AMERSFOORT"), S("Utrecht"), 3811 },
    { S("ALMELO"), S("ALMELO"), S("Overijssel"), 7601 },
    { S("LELYSTAD"), S("LELYSTAD"), S("Flevoland"), 8211 },
    { S("DELFZIJL"), S("EEMSDELTA"), S("Groningen"), 9931 },
    { S("DELFT"), S("DELFT"), S("Zuid-Holland"), 2611 },
    { S("TIEL"), S("TIEL"), S("Gelderland"), 4001 },
    { S("OSS"), S("OSS"), S("Noord-Brabant"), 5341 },
    { S("HILVERSUM"), S("HILVERSUM"), S("Noord-Holland"), 1211 },
};

static const struct str board_words[] = {
    S("Waterlijn"), S("Zonnehoek"), S("Veldzicht"), S("Meerkring"), S("Duinrand"), S("Lindelaar"),
    S("Oeverwal"),  S("Kantelaar"), S("Zevenster"), S("Bovenakker"), S("Eikenhof"), S("Windroos"),
};
static const struct str school_words[] = {
    S("De Vuurvlinder"), S("De Hazelaar"),   S("Het Stormkompas"), S("De Tweeling"),
    S("Het Boshuis"),    S("De Krekel"),     S("De Lantaarn"),     S("Het Molenpad"),
    S("De Kraanvogel"),  S("Het Zandkasteel"), S("Het Sterrenplein"), S("De Ruimte"),
    S("De Beuk"),        S("Het Wad"),       S("De Notenkraker"),  S("De Égelantier"),
    S("De Brug"),        S("Het Palet"),     S("De Uitkijk"),      S("De Zilvermeeuw"),
};
static const struct str school_corners[] = {
    S(""), S("Noord"), S("aan de Vaart"), S("Zuid"), S("in het Park"), S("Oost"), S("aan Zee"),
};
static const struct str denominations[] = {
    S("Openbaar"), S("Rooms-Katholiek"), S("Protestants-Christelijk"), S("Algemeen bijzonder"),
};
static const struct str streets[] = {
    S("Schoolstraat"), S("Kerkenbos"),   S("Lyceumlaan"), S("Dorpsweg"),   S("Wilgenlaan"),
    S("Marktveld"),    S("Stationsweg"), S("Parkzicht"),  S("Molenstraat"), S("Vaartkade"),
};
static const struct str structures[SCHOOL_KINDS][3] = {
    [PRIMARY] = { S(""), S(""), S("") },
    [SECONDARY] = { S("VBO/MAVO"), S("HAVO/VWO"), S("MAVO/HAVO/VWO") },
    [SPECIAL] = { S("SO"), S("VSO"), S("SBAO") },
};
static const struct str vendor_names[] = {
    S("Leerpad"),     S("Toetsplein"),  S("Woordwijzer"), S("Klassenkompas"),
    S("Oefenhof"),    S("Rekenlicht"),  S("Schoolspoor"), S("Leesbaken"),
    S("Kennisoever"), S("Taalterras"),  S("Proefpunt"),   S("Lesweide"),
};
static const struct str first_names[] = {
    S("Sanne"), S("Youssef"), S("Marieke"), S("Daan"), S("Fatima"), S("Jeroen"), S("Anouk"), S("Ravi"),
};
static const struct str last_names[] = {
    S("de Wit"), S("Bakker"), S("El Amrani"), S("Visser"), S("van Dijk"), S("Hoekstra"), S("Jansen"),
};

#define PICK(list, dice) ((list)[(size_t)(dice) % count_of(list)])

/* splitmix64, started anew for each thing so that one thing's dice do not depend on another's. */
struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *dice)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static struct dice dice_for(uint64_t what, int64_t number)
{
    return (struct dice){ what * 1000003u + (uint64_t)number };
}

struct demo {
    struct tx *tx;
    struct arena *arena;
    instant now;
    int64_t from, to;   /* schools */
    int64_t added;
};

static bool note_added(struct demo *demo, const char *kind, struct str id, struct str board,
                       struct error *err)
{
    const struct change_note note = { .kind = kind,
                                      .id = id,
                                      .version = 1,
                                      .what = ADDED,
                                      .board = board,
                                      .quiet = strcmp(kind, "location") == 0 };
    demo->added++;
    return note_change(demo->tx, demo->now, &note, err);
}

static void write_digits(char *text, size_t count, int64_t number)
{
    for (size_t i = count; i-- > 0; number /= 10)
        text[i] = (char)('0' + number % 10);
}

/* 90AA, 90AB, ... 99ZZ, then 80AA, ... */
struct brin demo_brin(int64_t school)
{
    struct brin brin;
    int64_t letters = school % (26 * 26), tens = school / (26 * 26);
    write_digits(brin.text, 2, 90 - tens / 10 * 10 + tens % 10);
    brin.text[2] = (char)('A' + letters / 26);
    brin.text[3] = (char)('A' + letters % 26);
    return brin;
}

static struct board_number demo_board(int64_t board)
{
    struct board_number number;
    write_digits(number.text, sizeof number.text, FIRST_BOARD + board);
    return number;
}

struct oin demo_vendor(int64_t vendor)
{
    struct oin oin;
    memcpy(oin.text, "00000003", 8);
    write_digits(oin.text + 8, 12, vendor + 1);
    return oin;
}

static bool add_contact(struct demo *demo, struct str organisation, struct str role, int64_t number,
                        struct error *err)
{
    struct dice dice = dice_for(str_hash(organisation), number);
    struct str first = PICK(first_names, roll(&dice)), last = PICK(last_names, roll(&dice));
    struct str host = str_copy(demo->arena, organisation);
    const struct contact contact = {
        .role = role,
        .name = str_format(demo->arena, "%.*s %.*s", FMT(first), FMT(last)),
        .email = str_format(demo->arena, "%.*s@%.*s.example", FMT(role),
                            FMT(str_slice(host, (size_t)str_find(host, STR(":")) + 1, host.len))),
    };
    struct str id = str_format(demo->arena, "demo-%.*s-%lld", FMT(organisation), (long long)number);
    return store_put_contact(demo->tx, id, organisation, &contact, err);
}

static struct str board_name(struct arena *arena, int64_t board)
{
    struct dice dice = dice_for(1, board);
    struct str word = board_words[(size_t)board % count_of(board_words)];
    switch (roll(&dice) % 4) {
    case 0:
        return str_format(arena, "Stichting Scholengroep %.*s", FMT(word));
    case 1:
        return str_format(arena, "Stichting Onderwijs %.*s", FMT(word));
    case 2:
        return str_format(arena, "Vereniging Scholen %.*s", FMT(word));
    default:
        return str_format(arena, "Stichting %.*s Onderwijs", FMT(word));
    }
}

static bool add_board(struct demo *demo, int64_t board, struct error *err)
{
    struct board_row known, row = { .source = SOURCE_DEMO, .version = 1 };
    bool found;
    row.board.number = demo_board(board);
    row.board.name = board_name(demo->arena, board);
    row.board.place = places[(size_t)board % count_of(places)].place;
    struct str organisation = board_organisation(demo->arena, &row.board.number);
    return store_find_board(demo->tx, &row.board.number, &known, &found, err)
        && (found
            || (store_put_board(demo->tx, &row, err)
                && note_added(demo, "board", ID_STR(row.board.number), STR(""), err)
                && add_contact(demo, organisation, STR("bestuurder"), 1, err)
                && add_contact(demo, organisation, STR("privacy"), 2, err)));
}

static enum school_kind demo_kind(int64_t school)
{
    static const enum school_kind kinds[SCHOOLS_OF_BOARD] = { PRIMARY,   PRIMARY, SECONDARY,
                                                              PRIMARY, SPECIAL, PRIMARY };
    return kinds[school % SCHOOLS_OF_BOARD];
}

static int64_t demo_pupils(enum school_kind kind, struct dice *dice)
{
    static const struct {
        int64_t least, range;
    } sizes[SCHOOL_KINDS] = { [PRIMARY] = { 60, 340 }, [SECONDARY] = { 250, 900 },
                              [SPECIAL] = { 30, 110 } };
    return sizes[kind].least + (int64_t)(roll(dice) % (uint64_t)sizes[kind].range);
}

static struct location demo_location(struct arena *arena, const struct school *school, size_t place,
                                     int64_t number, struct dice *dice)
{
    /* Rolled one by one: C leaves the order within an initialiser open. */
    uint64_t street = roll(dice), house = roll(dice), area = roll(dice), letters = roll(dice),
             structure = roll(dice);
    struct location location = {
        .name = school->name,
        .street = PICK(streets, street),
        .number = str_format(arena, "%d", (int)(house % 120 + 1)),
        .postcode = str_format(arena, "%d %c%c", places[place].postcode + (int)(area % 8),
                               (char)('A' + letters % 26), (char)('A' + letters / 26 % 26)),
        .place = places[place].place,
        .municipality = places[place].municipality,
        .province = places[place].province,
        .website = school->website,
        .denomination = school->denomination,
        .structure = structures[school->kind][structure % 3],
        .pupils = demo_pupils(school->kind, dice),
    };
    if (number)
        location.name = str_format(arena, "%.*s, locatie %.*s", FMT(school->name),
                                   FMT(location.street));
    memcpy(location.code.text, school->brin.text, sizeof school->brin.text);
    write_digits(location.code.text + sizeof school->brin.text, 2, number);
    return location;
}

/* 7 and 20 have no common divisor: twenty schools in a row have twenty names. */
static struct str school_name(struct arena *arena, int64_t number, enum school_kind kind)
{
    struct str word = school_words[(size_t)number * 7 % count_of(school_words)];
    size_t round = (size_t)number / count_of(school_words);
    struct str corner = school_corners[round % count_of(school_corners)];
    if (kind == SECONDARY)
        return str_format(arena, "%.*s College",
                          FMT(board_words[(round + (size_t)number) % count_of(board_words)]));
    if (!corner.len)
        return word;
    return str_format(arena, "%.*s %.*s", FMT(word), FMT(corner));
}

static struct school demo_school(struct arena *arena, int64_t number, size_t *place,
                                 struct dice *dice)
{
    struct school school = { .brin = demo_brin(number),
                             .board = demo_board(number / SCHOOLS_OF_BOARD),
                             .kind = demo_kind(number),
                             .pupils = 0 };
    *place = (size_t)(number / SCHOOLS_OF_BOARD + (int64_t)(roll(dice) % 2)) % count_of(places);
    school.name = school_name(arena, number, school.kind);
    school.denomination = PICK(denominations, roll(dice));
    school.place = places[*place].place;
    school.municipality = places[*place].municipality;
    school.province = places[*place].province;
    school.website = str_format(arena, "www.school-%.*s.example",
                                FMT(str_lower(arena, ID_STR(school.brin))));
    return school;
}

/* Most schools have one location, some two or three. */
static size_t demo_location_count(struct dice *dice)
{
    static const size_t counts[] = { 1, 1, 1, 1, 1, 2, 2, 2, 3, 3 };
    return PICK(counts, roll(dice));
}

static bool add_school(struct demo *demo, int64_t number, struct error *err)
{
    struct dice dice = dice_for(2, number);
    struct location locations[3];
    size_t place;
    struct school known, school = demo_school(demo->arena, number, &place, &dice);
    size_t count = demo_location_count(&dice);
    bool found;
    for (size_t i = 0; i < count; i++) {
        locations[i] = demo_location(demo->arena, &school, place, (int64_t)i, &dice);
        school.pupils += locations[i].pupils;
    }
    const struct school_row row = { .school = school, .source = SOURCE_DEMO, .version = 1 };
    if (!sector_find_school(demo->tx, &school.brin, &known, &found, err))
        return false;
    if (found)
        return true;
    if (!store_put_school(demo->tx, &row, err)
        || !note_added(demo, "school", ID_STR(school.brin), ID_STR(school.board), err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct location_row location = { .location = locations[i],
                                               .board = school.board,
                                               .kind = school.kind,
                                               .source = SOURCE_DEMO,
                                               .version = 1 };
        if (!store_put_location(demo->tx, &location, err)
            || !note_added(demo, "location", ID_STR(locations[i].code), STR(""), err))
            return false;
    }
    return true;
}

static bool add_vendor(struct demo *demo, int64_t number, struct error *err)
{
    struct vendor known, vendor = { .oin = demo_vendor(number), .name = vendor_names[number] };
    struct str host = str_lower(demo->arena, vendor.name);
    bool found;
    vendor.website = str_format(demo->arena, "www.%.*s.example", FMT(host));
    const struct vendor_row row = { .vendor = vendor, .source = SOURCE_DEMO, .version = 1 };
    struct str organisation = vendor_organisation(demo->arena, &vendor.oin);
    if (!sector_find_vendor(demo->tx, &vendor.oin, &known, &found, err))
        return false;
    return found
        || (store_put_vendor(demo->tx, &row, err)
            && note_added(demo, "vendor", ID_STR(vendor.oin), STR(""), err)
            && add_contact(demo, organisation, STR("techniek"), 1, err));
}

/* Partnership `number` of one kind, with its boards: neighbours by number. */
static bool add_partnership(struct demo *demo, enum school_kind kind, int64_t number, int64_t boards,
                            struct error *err)
{
    struct partnership known, partnership = {
        .code = str_format(demo->arena, "%s%lld", kind == PRIMARY ? "PO" : "VO",
                           (long long)(FIRST_PARTNERSHIP + number)),
        .place = places[(size_t)number % count_of(places)].place,
        .kind = kind,
    };
    bool found;
    partnership.name = str_format(demo->arena, "Samenwerkingsverband %s Regio %lld",
                                  kind == PRIMARY ? "Primair Onderwijs" : "Voortgezet Onderwijs",
                                  (long long)number + 1);
    if (!store_find_partnership(demo->tx, partnership.code, &known, &found, err))
        return false;
    if (!found
        && (!store_put_partnership(demo->tx, &partnership, SOURCE_DEMO, 1, err)
            || !note_added(demo, "partnership", partnership.code, STR(""), err)))
        return false;
    int64_t first = number * BOARDS_OF_PARTNERSHIP;
    for (int64_t b = first; b < boards && b < first + BOARDS_OF_PARTNERSHIP; b++) {
        struct board_number board = demo_board(b);
        if (!store_put_member(demo->tx, partnership.code, &board, err))
            return false;
    }
    return true;
}

static bool audit_demo(struct demo *demo, struct error *err)
{
    const struct audit_entry entry = {
        .who = STR("command:demo"),
        .what = "sector.demo",
        .subject = STR("sector"),
        .detail = str_format(demo->arena, "{\"added\":%lld}", (long long)demo->added),
    };
    return !demo->added || audit_add(demo->tx, demo->now, &entry, err);
}

static bool add_schools(struct tx *tx, void *with, struct error *err)
{
    struct demo demo = *(const struct demo *)with;
    demo.tx = tx;
    demo.arena = tx_arena(tx);
    for (int64_t school = demo.from; school < demo.to; school++) {
        if (school % SCHOOLS_OF_BOARD == 0 && !add_board(&demo, school / SCHOOLS_OF_BOARD, err))
            return false;
        if (!add_school(&demo, school, err))
            return false;
    }
    return audit_demo(&demo, err);
}

static bool add_others(struct tx *tx, void *with, struct error *err)
{
    struct demo demo = *(const struct demo *)with;
    int64_t boards = (demo.to + SCHOOLS_OF_BOARD - 1) / SCHOOLS_OF_BOARD;
    demo.tx = tx;
    demo.arena = tx_arena(tx);
    for (int64_t vendor = 0; vendor < DEMO_VENDORS; vendor++)
        if (!add_vendor(&demo, vendor, err))
            return false;
    for (int64_t number = 0; number * BOARDS_OF_PARTNERSHIP < boards; number++)
        if (!add_partnership(&demo, PRIMARY, number, boards, err)
            || !add_partnership(&demo, SECONDARY, number, boards, err))
            return false;
    return audit_demo(&demo, err);
}

_Static_assert(count_of(vendor_names) == DEMO_VENDORS, "each demo vendor has a name");

bool demo_fill(struct db *db, struct arena *arena, int64_t schools, instant now, struct error *err)
{
    struct demo demo = { .now = now };
    for (int64_t from = 0; from < schools; from = demo.to) {
        demo.from = from;
        demo.to = from + SCHOOLS_AT_ONCE < schools ? from + SCHOOLS_AT_ONCE : schools;
        if (!db_write(db, arena, add_schools, &demo, err))
            return false;
    }
    return db_write(db, arena, add_others, &demo, err);
}

bool sector_seed_demo(struct app *app, struct arena *arena, int64_t schools, struct error *err)
{
    return demo_fill(app->db, arena, schools, instant_now(), err);
}
