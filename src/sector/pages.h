/* SPDX-License-Identifier: EUPL-1.2 */
/* The pages of the register, and the parts that they share. */
#ifndef SECTOR_PAGES_H
#define SECTOR_PAGES_H

#include "platform/page/page.h"
#include "sector/store.h"

/* pages.c */
bool show_boards(struct request *request, struct error *err);
bool show_board(struct request *request, struct error *err);
bool show_schools(struct request *request, struct error *err);
bool show_school(struct request *request, struct error *err);
bool show_vendors(struct request *request, struct error *err);
bool show_vendor(struct request *request, struct error *err);
bool show_partnerships(struct request *request, struct error *err);
bool show_partnership(struct request *request, struct error *err);

/* pages_edit.c: for operators */
bool show_board_form(struct request *request, struct error *err);
bool save_board(struct request *request, struct error *err);
bool show_new_vendor_form(struct request *request, struct error *err);
bool save_new_vendor(struct request *request, struct error *err);
bool show_vendor_form(struct request *request, struct error *err);
bool save_vendor(struct request *request, struct error *err);
bool show_certificate_form(struct request *request, struct error *err);
bool save_certificate(struct request *request, struct error *err);

/* pages_parts.c */
struct str kind_title(const struct request *request, enum school_kind kind);
/* The name, with a word behind it when the thing has ended. */
struct str name_or_ended(const struct request *request, struct str name, instant ended);
/* A row of the list of facts `facts`; an empty value is not shown. `href` may be empty. */
void put_fact(struct request *request, struct node *facts, const char *label, struct str value,
              struct str href);
void put_website(struct request *request, struct node *facts, struct str website);
/* "changes": what changed when, newest first; sorts the list. */
void put_history(struct request *request, struct node *page, struct history_list *history);
/* "contacts": only for people who are logged in. */
bool put_contacts(struct request *request, struct node *page, struct str organisation,
                  struct error *err);
/* Rows of the tables that several pages show, with their columns. */
extern const struct column board_columns[];
extern const struct column school_columns[];
extern const struct column partnership_columns[];
void put_board_row(struct request *request, struct node *rows, const struct board *board);
void put_school_row(struct request *request, struct node *rows, const struct school *school,
                    struct str board_name);
void put_partnership_row(struct request *request, struct node *rows,
                         const struct partnership *partnership);
bool may_edit(const struct request *request);

#endif
