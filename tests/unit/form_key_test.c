/* SPDX-License-Identifier: EUPL-1.2 */
/* The key behind the tokens of forms (platform/people/form_key.h). */
#include "tests/test.h"

#include "base/file.h"
#include "platform/people/accounts.h"
#include "platform/people/form_key.h"
#include "services/services.h"

struct node_of {
    const char *folder;
    struct app app;
};

static struct node_of given_node(struct test *t, const char *name)
{
    struct node_of node = { .folder = str_format(t->arena, "%s/%s", t->folder, name).at };
    struct error err = { 0 };
    struct str text = str_format(t->arena, "database = %.*s\nlog.level = error\n", FMT(t->db_url));
    CHECK_OK(folder_make(node.folder, &err), err);
    CHECK_OK(file_write(str_format(t->arena, "%s/fundament.conf", node.folder).at, text, 0600, &err),
             err);
    return node;
}

static void open_node(struct test *t, struct node_of *node)
{
    struct error err = { 0 };
    CHECK_OK(app_open(t->arena, node->folder, all_services, true, &node->app, &err), err);
}

/* As a server of before made it at its first start. */
static void given_web_key(struct test *t, const struct node_of *node, struct key **key)
{
    struct error err = { 0 };
    struct str folder = str_format(t->arena, "%s/keys", node->folder);
    CHECK_OK(folder_make(folder.at, &err), err);
    CHECK_OK(key_load(folder.at, "web", true, key, &err), err);
}

static struct str load(struct test *t, struct node_of *node)
{
    struct key *key;
    struct error err = { 0 };
    CHECK_OK(form_key_load(&node->app, &key, &err), err);
    struct str bytes = str_copy(t->arena, (struct str){ (const char *)key->bytes, KEY_BYTES });
    key_free(key);
    return bytes;
}

/* The other keys are the same on all nodes; here they are those of one folder. */
TEST_DB(all_nodes_have_the_same_key_for_forms_whatever_files_they_have)
{
    struct key *own;
    struct node_of first = given_node(t, "first");
    open_node(t, &first);
    struct str key = load(t, &first);
    struct node_of second = { .folder = first.folder };
    given_web_key(t, &second, &own);
    open_node(t, &second);
    CHECK_STR(load(t, &second), key);
    CHECK_STR(load(t, &first), key);
    key_free(own);
    app_close(&first.app);
    app_close(&second.app);
}

TEST_DB(forms_of_the_version_before_stay_good)
{
    struct key *before, wanted;
    struct node_of node = given_node(t, "first");
    given_web_key(t, &node, &before);
    open_node(t, &node);
    key_derive(before, "form-token", &wanted);
    CHECK_STR(load(t, &node), ((struct str){ (const char *)wanted.bytes, KEY_BYTES }));
    key_free(before);
    app_close(&node.app);
}

static bool spoil(struct tx *tx, void *with, struct error *err)
{
    static const struct statement change = SQL("UPDATE form_key SET sealed = $1");
    (void)with;
    return db_do(tx, &change, ARGS(arg_bytes(STR("sealed by a key that was lost"))), NULL, err);
}

TEST_DB(a_key_for_forms_that_does_not_open_is_replaced)
{
    struct error err = { 0 };
    struct node_of node = given_node(t, "first");
    open_node(t, &node);
    struct str before = load(t, &node);
    CHECK_OK(db_write(node.app.db, t->arena, spoil, NULL, &err), err);
    struct str fresh = load(t, &node);
    CHECK(!str_eq(fresh, before));
    CHECK_STR(load(t, &node), fresh);
    app_close(&node.app);
}
