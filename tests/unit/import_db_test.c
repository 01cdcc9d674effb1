/* SPDX-License-Identifier: EUPL-1.2 */
/* Imports into a register. */
#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "sector/demo.h"
#include "sector/register.h"
#include "tests/unit/sector_world.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_DAY  ((instant)1700000000 * SECOND)
#define SECOND_DAY (FIRST_DAY + DAY)

#define HEADER                                                                                     \
    "BEVOEGD GEZAG NUMMER;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;STRAATNAAM;"               \
    "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM;AANTAL LEERLINGEN\r\n"
#define KIM        "41804;00AV;00AV00;De Kim;Laan;1;2716 PH;DELFT;97\r\n"
#define KIM_ZUID   "41804;00AV;00AV01;De Kim Zuid;Weg;2;2716 PJ;DELFT;\r\n"
#define LINDE      "41805;00AW;00AW00;De Linde;Dreef;3;2716 PK;GOUDA;40\r\n"
#define BEUK       "41806;00AX;00AX00;De Beuk;Pad;4;2716 PL;GOUDA;50\r\n"
#define EIK        "41806;00AY;00AY00;De Eik;Pad;5;2716 PL;GOUDA;60\r\n"
#define FIVE       HEADER KIM KIM_ZUID LINDE BEUK EIK

static const struct statement locations = SQL("SELECT count(*) FROM sector_location");
static const struct statement active_locations = SQL(
    "SELECT count(*) FROM sector_location WHERE ended = 0");
static const struct statement schools = SQL("SELECT count(*) FROM sector_school");
static const struct statement boards = SQL("SELECT count(*) FROM sector_board");
static const struct statement changes = SQL("SELECT count(*) FROM sector_history");

static bool import(struct test *t, struct db *db, struct str text, instant now, bool force,
                   struct import_report *report, struct error *err)
{
    const struct import_options options = { .kind = SCHOOL_KINDS, .force = force };
    return sector_import_duo(db, t->arena, text, &options, now, NULL, report, err);
}

static void check_import(struct test *t, struct db *db, struct str text, instant now,
                         struct import_report wanted)
{
    struct import_report got;
    struct error err = { 0 };
    CHECK_OK(import(t, db, text, now, true, &got, &err), err);
    CHECK_INT(got.added, wanted.added);
    CHECK_INT(got.changed, wanted.changed);
    CHECK_INT(got.ended, wanted.ended);
    CHECK_INT(got.unchanged, wanted.unchanged);
    CHECK_INT(got.refused, wanted.refused);
}

TEST_DB(a_second_import_of_a_file_changes_nothing)
{
    struct db *db = given_register(t);
    check_import(t, db, STR(FIVE), FIRST_DAY, (struct import_report){ .added = 5 });
    int64_t history = ask_number(t, db, &changes);
    CHECK_INT(history, 5 + 4 + 3);
    check_import(t, db, STR(FIVE), SECOND_DAY, (struct import_report){ .unchanged = 5 });
    CHECK_INT(ask_number(t, db, &changes), history);
    struct school school = find_school(t, db, "00AV");
    CHECK_STR(school.name, STR("De Kim"));
    CHECK_STR(ID_STR(school.board), STR("41804"));
    CHECK_INT(school.kind, PRIMARY);
    CHECK_INT(school.pupils, 97);
    CHECK_INT(school.locations, 2);
    struct board board = find_board(t, db, "41806");
    CHECK_STR(board.name, STR("Bevoegd gezag 41806"));
    CHECK_INT(board.schools, 2);
    db_close(db);
}

TEST_DB(a_change_keeps_what_was_there_before_in_the_history)
{
    struct db *db = given_register(t);
    check_import(t, db, STR(FIVE), FIRST_DAY, (struct import_report){ .added = 5 });
    check_import(t, db,
                 STR(HEADER "41805;00AV;00AV00;De Kimme;Laan;1;2716 PH;DELFT;98\r\n" KIM_ZUID LINDE
                            BEUK EIK),
                 SECOND_DAY, (struct import_report){ .changed = 1, .unchanged = 4 });
    struct school school = find_school(t, db, "00AV");
    CHECK_STR(school.name, STR("De Kimme"));
    CHECK_STR(ID_STR(school.board), STR("41805"));
    struct history_list history = find_history(t, db, "school", "00AV");
    CHECK_INT(history.len, 2);
    CHECK_INT(history.at[0].what, CHANGED);
    CHECK_INT(history.at[0].at, SECOND_DAY);
    CHECK_INT(history.at[0].version, 2);
    CHECK_STR(history.at[0].changes,
              STR("{\"name\":[\"De Kim\",\"De Kimme\"],\"pupils\":[97,98],\"board\":[\"41804\",\"41805\"]}"));
    CHECK_INT(history.at[1].what, ADDED);
    CHECK_INT(find_history(t, db, "location", "00AV00").len, 2);
    CHECK_INT(find_history(t, db, "location", "00AV01").len, 1);
    CHECK_INT(find_board(t, db, "41804").ended, SECOND_DAY);
    CHECK_INT(find_history(t, db, "board", "41804").at[0].what, ENDED);
    db_close(db);
}

TEST_DB(a_school_ends_with_its_last_location_and_comes_back_with_it)
{
    struct db *db = given_register(t);
    check_import(t, db, STR(FIVE), FIRST_DAY, (struct import_report){ .added = 5 });
    check_import(t, db, STR(HEADER KIM LINDE BEUK EIK), SECOND_DAY,
                 (struct import_report){ .ended = 1, .unchanged = 4 });
    CHECK_INT(find_school(t, db, "00AV").ended, 0);
    CHECK_INT(find_school(t, db, "00AV").locations, 1);
    check_import(t, db, STR(HEADER LINDE BEUK EIK), SECOND_DAY + DAY,
                 (struct import_report){ .ended = 1, .unchanged = 3 });
    CHECK_INT(find_school(t, db, "00AV").ended, SECOND_DAY + DAY);
    CHECK_STR(find_school(t, db, "00AV").name, STR("De Kim"));
    CHECK_INT(find_board(t, db, "41804").ended, SECOND_DAY + DAY);
    check_import(t, db, STR(FIVE), SECOND_DAY + 2 * DAY,
                 (struct import_report){ .changed = 2, .unchanged = 3 });
    CHECK_INT(find_school(t, db, "00AV").ended, 0);
    CHECK_INT(find_board(t, db, "41804").ended, 0);
    CHECK_INT(find_history(t, db, "school", "00AV").at[0].what, RETURNED);
    CHECK_INT(find_history(t, db, "location", "00AV00").at[0].what, RETURNED);
    CHECK_INT(ask_number(t, db, &active_locations), 5);
    db_close(db);
}

TEST_DB(a_location_does_not_end_because_its_row_is_bad)
{
    struct db *db = given_register(t);
    check_import(t, db, STR(FIVE), FIRST_DAY, (struct import_report){ .added = 5 });
    check_import(t, db,
                 STR(HEADER "41804;00AV;00AV00;De Kim;Laan;1;fout;DELFT;97\r\n" KIM_ZUID LINDE BEUK EIK),
                 SECOND_DAY, (struct import_report){ .unchanged = 4, .refused = 1 });
    CHECK_INT(ask_number(t, db, &active_locations), 5);
    db_close(db);
}

TEST_DB(a_file_that_would_end_more_than_a_fifth_is_refused_unless_forced)
{
    struct db *db = given_register(t);
    struct import_report report;
    struct error err = { 0 };
    check_import(t, db, STR(FIVE), FIRST_DAY, (struct import_report){ .added = 5 });
    CHECK(!import(t, db, STR(HEADER KIM KIM_ZUID LINDE), SECOND_DAY, false, &report, &err));
    CHECK_INT(err.kind, CONFLICT);
    CHECK_STR(str_of(err.subject), STR("2/5 (po)"));
    CHECK_INT(ask_number(t, db, &active_locations), 5);
    CHECK_OK(import(t, db, STR(HEADER KIM KIM_ZUID LINDE BEUK), SECOND_DAY, false, &report, &err), err);
    CHECK_INT(report.ended, 1);
    CHECK_OK(import(t, db, STR(HEADER KIM), SECOND_DAY, true, &report, &err), err);
    CHECK_INT(report.ended, 3);
    db_close(db);
}

TEST_DB(a_file_of_one_kind_leaves_the_other_kinds_alone)
{
    struct db *db = given_register(t);
    check_import(t, db, STR(FIVE), FIRST_DAY, (struct import_report){ .added = 5 });
    check_import(t, db,
                 STR("BEVOEGD GEZAG NUMMER;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;STRAATNAAM;"
                     "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM;ONDERWIJSSTRUCTUUR\r\n"
                     "41804;01AA;01AA00;Het College;Laan;1;2716 PH;DELFT;HAVO/VWO\r\n"),
                 SECOND_DAY, (struct import_report){ .added = 1 });
    CHECK_INT(find_school(t, db, "01AA").kind, SECONDARY);
    CHECK_INT(ask_number(t, db, &active_locations), 6);
    db_close(db);
}

TEST_DB(what_a_file_has_no_column_for_stays_as_it_was)
{
    struct db *db = given_register(t);
    check_import(t, db, STR(HEADER KIM), FIRST_DAY, (struct import_report){ .added = 1 });
    check_import(t, db,
                 STR("BEVOEGD GEZAG NUMMER;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;STRAATNAAM;"
                     "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM\r\n"
                     "41804;00AV;00AV00;De Kim;Laan;1;2716 PH;DELFT\r\n"),
                 SECOND_DAY, (struct import_report){ .unchanged = 1 });
    CHECK_INT(find_school(t, db, "00AV").pupils, 97);
    db_close(db);
}

TEST_DB(an_import_ends_nothing_of_the_demo)
{
    struct db *db = given_register(t);
    struct error err = { 0 };
    struct import_report report;
    CHECK_OK(demo_fill(db, t->arena, 24, FIRST_DAY, &err), err);
    int64_t demo = ask_number(t, db, &active_locations);
    CHECK_OK(import(t, db, STR(FIVE), SECOND_DAY, false, &report, &err), err);
    CHECK_INT(ask_number(t, db, &active_locations), demo + 5);
    db_close(db);
}

struct renaming {
    struct board board;
};

static bool do_rename(struct tx *tx, void *with, struct error *err)
{
    const struct renaming *renaming = with;
    const struct deed deed = { SECOND_DAY, STR("account:1"), SOURCE_PERSON, ANY_VERSION };
    return register_board(tx, &deed, &renaming->board, err);
}

TEST_DB(the_name_that_a_person_gave_a_board_survives_an_import)
{
    struct db *db = given_register(t);
    struct error err = { 0 };
    struct renaming renaming = { { .number = a_board("41804"), .name = STR("Stichting Kim"),
                                   .place = STR("Delft") } };
    check_import(t, db, STR(FIVE), FIRST_DAY, (struct import_report){ .added = 5 });
    CHECK_OK(db_write(db, t->arena, do_rename, &renaming, &err), err);
    check_import(t, db, STR(HEADER KIM "41804;00AV;00AV01;Nieuwe naam;Weg;2;2716 PJ;DELFT;\r\n" LINDE
                                       BEUK EIK),
                 SECOND_DAY, (struct import_report){ .changed = 1, .unchanged = 4 });
    CHECK_STR(find_board(t, db, "41804").name, STR("Stichting Kim"));
    db_close(db);
}

TEST_DB(an_import_writes_one_audit_row_and_an_event_for_each_school_and_board)
{
    static const struct statement audit_rows = SQL(
        "SELECT count(*) FROM audit WHERE what = 'sector.import'");
    static const struct statement school_events = SQL(
        "SELECT count(*) FROM event WHERE kind = 'sector.school-added'");
    static const struct statement board_events = SQL(
        "SELECT count(*) FROM event WHERE kind = 'sector.board-added'");
    struct db *db = given_register(t);
    check_import(t, db, STR(FIVE), FIRST_DAY, (struct import_report){ .added = 5 });
    CHECK_INT(ask_number(t, db, &audit_rows), 1);
    CHECK_INT(ask_number(t, db, &school_events), 4);
    CHECK_INT(ask_number(t, db, &board_events), 3);
    db_close(db);
}

TEST_DB(the_real_files_are_taken_whole_and_the_second_time_nothing_changes)
{
    static const struct {
        const char *name;
        int64_t rows;
    } files[] = { { "scholen/vestigingen-po.csv", 6115 },
                  { "scholen/vestigingen-vo.csv", 1619 },
                  { "scholen/vestigingen-so.csv", 888 } };
    struct db *db = given_register(t);
    for (size_t i = 0; i < 3; i++)
        check_import(t, db, test_data(t, files[i].name), FIRST_DAY,
                     (struct import_report){ .added = files[i].rows });
    CHECK_INT(ask_number(t, db, &locations), 8622);
    CHECK_INT(ask_number(t, db, &schools), 7161);
    for (size_t i = 0; i < 3; i++)
        check_import(t, db, test_data(t, files[i].name), SECOND_DAY,
                     (struct import_report){ .unchanged = files[i].rows });
    struct school school = find_school(t, db, "00AH");
    CHECK_INT(school.kind, SECONDARY);
    CHECK_STR(ID_STR(school.board), STR("41804"));
    CHECK_STR(school.place, STR("ENSCHEDE"));
    db_close(db);
}

/* A file of many schools. */
static struct str many_schools(struct test *t, int count)
{
    struct buf text = { .arena = t->arena };
    buf_lit(&text, HEADER);
    for (int i = 0; i < count; i++)
        buf_addf(&text, "41804;%02d%c%c;%02d%c%c00;School %d;Laan;1;2716 PH;DELFT;97\r\n", i / 676,
                 'A' + i / 26 % 26, 'A' + i % 26, i / 676, 'A' + i / 26 % 26, 'A' + i % 26, i);
    return buf_str(&text);
}

static void die_at(void *with, size_t done, size_t total)
{
    (void)total;
    if (done >= *(const size_t *)with)
        kill(getpid(), SIGKILL);
}

static void import_and_die(struct test *t, struct str text, size_t at)
{
    const struct import_options options = { .kind = SCHOOL_KINDS };
    const struct import_listener listener = { .progress = die_at, .with = &at };
    struct import_report report;
    struct error err = { 0 };
    pid_t pid = fork();
    if (pid == 0) {
        struct db *db;
        if (db_open_url(t->db_url, 2, &db, &err))
            sector_import_duo(db, t->arena, text, &options, FIRST_DAY, &listener, &report, &err);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_DB(an_import_that_is_killed_leaves_nothing)
{
    struct str text = many_schools(t, 1500);
    db_close(given_register(t));
    static const size_t moments[] = { 100, 700, 1500 };
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        import_and_die(t, text, moments[i]);
        struct db *db = given_register(t);
        CHECK_INT(ask_number(t, db, &locations), 0);
        CHECK_INT(ask_number(t, db, &boards), 0);
        CHECK_INT(ask_number(t, db, &changes), 0);
        db_close(db);
    }
    struct db *db = given_register(t);
    check_import(t, db, text, FIRST_DAY, (struct import_report){ .added = 1500 });
    db_close(db);
}
