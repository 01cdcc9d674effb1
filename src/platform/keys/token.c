/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/token_parts.h"

#include "base/log.h"
#include "platform/keys/keys.h"
#include "platform/keys/says.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS_MAX  256
#define PIN_MAX    255
#define LABEL_SIZE 32 /* of CK_TOKEN_INFO, padded with blanks */

struct token {
    struct token_settings settings;
    pthread_rwlock_t lock; /* held for writing while it is (dis)connected */
    void *library;
    CK_FUNCTION_LIST_PTR module;
    bool initialized, connected;
    uint64_t generation;   /* of the connection; unique in this process */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE holder; /* keeps the log-in while threads come and go */
};

static _Atomic uint64_t generations;
static _Thread_local struct session here;

struct token *token_new(struct arena *arena, const struct token_settings *settings)
{
    struct token *token = arena_new(arena, struct token);
    token->settings = *settings;
    pthread_rwlock_init(&token->lock, NULL);
    return token;
}

void token_free(struct token *token)
{
    if (token->initialized)
        token->module->C_Finalize(NULL);
    /* The library stays loaded: some keep threads, or run code at the process's end. */
    pthread_rwlock_destroy(&token->lock);
}

/* The module */

static bool load_module(struct token *token, struct error *err)
{
    CK_C_GetFunctionList list = NULL;
    if (token->module)
        return true;
    if (!token->library)
        token->library = dlopen(token->settings.module, RTLD_NOW | RTLD_LOCAL);
    if (token->library)
        *(void **)&list = dlsym(token->library, "C_GetFunctionList");
    if (list && list(&token->module) == CKR_OK && token->module)
        return true;
    const char *why = dlerror();
    token->module = NULL;
    say(err, TOKEN_MODULE_FAILS, "%s", token->settings.module);
    return fail_detail(err, "%s", why ? why : "no function list");
}

static bool initialize(struct token *token, struct error *err)
{
    CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
    if (token->initialized)
        return true;
    if (!load_module(token, err))
        return false;
    CK_RV result = token->module->C_Initialize(&args);
    token->initialized = result == CKR_OK || result == CKR_CRYPTOKI_ALREADY_INITIALIZED;
    if (token->initialized)
        return true;
    say(err, TOKEN_MODULE_FAILS, "%s", token->settings.module);
    return fail_detail(err, "C_Initialize: 0x%lx", result);
}

void token_prepare(struct token *token)
{
    struct error err;
    pthread_rwlock_wrlock(&token->lock);
    if (!initialize(token, &err))
        log_failure("token", &err);
    pthread_rwlock_unlock(&token->lock);
}

/* The slot */

static bool has_label(const CK_TOKEN_INFO *info, struct str wanted)
{
    struct str label = { (const char *)info->label, LABEL_SIZE };
    while (label.len && label.at[label.len - 1] == ' ')
        label.len--;
    return !wanted.len || str_eq(label, wanted);
}

static bool find_slot(struct token *token, CK_TOKEN_INFO *info)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    if (token->module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return false;
    for (CK_ULONG i = 0; i < count; i++) {
        token->slot = slots[i];
        if (token->module->C_GetTokenInfo(slots[i], info) == CKR_OK
            && info->flags & CKF_TOKEN_INITIALIZED
            && has_label(info, str_of(token->settings.label)))
            return true;
    }
    return false;
}

/* Some modules see a token that came back only when they start again. */
static bool find_token(struct token *token, CK_TOKEN_INFO *info, struct error *err)
{
    if (find_slot(token, info))
        return true;
    token->module->C_Finalize(NULL);
    token->initialized = false;
    return initialize(token, err)
           && (find_slot(token, info) || say(err, TOKEN_AWAY, "%s", token->settings.label));
}

/* The PIN. One that was refused is remembered by a file beside it, newer than it: so that a service
 * that is started again and again does not lock the token. */

static bool mark_path(char path[static PATH_MAX], const struct token *token)
{
    return snprintf(path, PATH_MAX, "%s.refused", token->settings.pin_file) < PATH_MAX;
}

static bool was_refused(const struct token *token, const struct stat *pin)
{
    char path[PATH_MAX];
    struct stat mark;
    if (!mark_path(path, token) || stat(path, &mark) < 0)
        return false;
    return mark.st_mtim.tv_sec > pin->st_mtim.tv_sec
           || (mark.st_mtim.tv_sec == pin->st_mtim.tv_sec
               && mark.st_mtim.tv_nsec >= pin->st_mtim.tv_nsec);
}

static void remember_refusal(const struct token *token, bool refused)
{
    char path[PATH_MAX];
    if (!mark_path(path, token))
        return;
    unlink(path);
    int fd = refused ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
        close(fd);
}

static bool read_pin(const struct token *token, char pin[static PIN_MAX + 2], size_t *length,
                     struct error *err)
{
    const char *path = token->settings.pin_file;
    struct stat about;
    if (!key_file_check(path, err))
        return said(err) == KEY_READABLE || said(err) == KEY_OF_ANOTHER_USER
                   ? false
                   : say(err, TOKEN_NO_PIN, "%s", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd >= 0 && fstat(fd, &about) == 0 ? read(fd, pin, PIN_MAX + 1) : -1;
    if (fd >= 0)
        close(fd);
    if (got <= 0 || got > PIN_MAX)
        return say(err, TOKEN_NO_PIN, "%s", path);
    pin[got] = '\0';
    *length = strcspn(pin, "\r\n");
    return !was_refused(token, &about) || say(err, TOKEN_WRONG_PIN, "%s", path);
}

static bool take_login(struct token *token, CK_RV result, struct error *err)
{
    remember_refusal(token, result == CKR_PIN_INCORRECT || result == CKR_PIN_LEN_RANGE
                                || result == CKR_PIN_INVALID);
    switch (result) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:
        return true;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_INVALID:
        return say(err, TOKEN_WRONG_PIN, "%s", token->settings.pin_file);
    case CKR_PIN_LOCKED:
        return say(err, TOKEN_LOCKED, "%s", token->settings.label);
    default:
        say(err, TOKEN_FAILS, "%s", "");
        return fail_detail(err, "C_Login: 0x%lx", result);
    }
}

static bool log_in(struct token *token, const CK_TOKEN_INFO *info, struct error *err)
{
    char pin[PIN_MAX + 2];
    size_t length = 0;
    if (!token->settings.pin_file[0])
        return true;
    if (info->flags & CKF_USER_PIN_LOCKED)
        return say(err, TOKEN_LOCKED, "%s", token->settings.label);
    if (info->flags & CKF_USER_PIN_FINAL_TRY)
        return say(err, TOKEN_LAST_TRY, "%s", token->settings.label);
    bool ok = read_pin(token, pin, &length, err);
    if (ok)
        ok = take_login(token, token->module->C_Login(token->holder, CKU_USER, (CK_UTF8CHAR *)pin,
                                                      length),
                        err);
    explicit_bzero(pin, sizeof pin);
    return ok;
}

/* Connecting */

/* With the lock held for writing. */
static bool connect_token(struct token *token, struct error *err)
{
    CK_TOKEN_INFO info;
    if (token->connected)
        return true;
    if (!initialize(token, err) || !find_token(token, &info, err))
        return false;
    CK_RV result = token->module->C_OpenSession(token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                                NULL, NULL, &token->holder);
    if (result != CKR_OK) {
        say(err, TOKEN_AWAY, "%s", token->settings.label);
        return fail_detail(err, "C_OpenSession: 0x%lx", result);
    }
    if (!log_in(token, &info, err)) {
        token->module->C_CloseAllSessions(token->slot);
        return false;
    }
    token->generation = atomic_fetch_add(&generations, 1) + 1;
    token->connected = true;
    return true;
}

static bool need_connection(struct token *token, struct error *err)
{
    pthread_rwlock_wrlock(&token->lock);
    bool ok = connect_token(token, err);
    pthread_rwlock_unlock(&token->lock);
    return ok;
}

static void disconnect(struct token *token, uint64_t generation)
{
    pthread_rwlock_wrlock(&token->lock);
    if (token->connected && token->generation == generation) {
        token->module->C_CloseAllSessions(token->slot);
        token->connected = false;
    }
    pthread_rwlock_unlock(&token->lock);
}

static CK_RV need_session(struct token *token)
{
    if (here.generation == token->generation)
        return CKR_OK;
    here.known = 0;
    CK_RV result = token->module->C_OpenSession(token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                                NULL, NULL, &here.handle);
    here.generation = result == CKR_OK ? token->generation : 0;
    return result;
}

/* Results after which a new connection may help. */
static bool is_lost(CK_RV result)
{
    static const CK_RV lost[] = {
        CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,        CKR_DEVICE_REMOVED,
        CKR_DEVICE_ERROR,           CKR_TOKEN_NOT_PRESENT,     CKR_USER_NOT_LOGGED_IN,
        CKR_OBJECT_HANDLE_INVALID,  CKR_KEY_HANDLE_INVALID,    CKR_CRYPTOKI_NOT_INITIALIZED,
        CKR_TOKEN_NOT_RECOGNIZED,   CKR_SLOT_ID_INVALID,       CKR_OPERATION_ACTIVE,
        CKR_GENERAL_ERROR,          CKR_FUNCTION_FAILED,       RESULT_NONE,
    };
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
        if (result == lost[i])
            return true;
    return false;
}

static bool tell(CK_RV result, const struct token *token, const char *name, struct error *err)
{
    switch (result) {
    case CKR_OK:
        return true;
    case RESULT_NONE:
        return say(err, TOKEN_NO_OBJECT, "%s", name);
    case RESULT_TWICE:
        return say(err, TOKEN_TWICE, "%s", name);
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
        return say(err, TOKEN_AWAY, "%s", token->settings.label);
    case CKR_ENCRYPTED_DATA_INVALID:
    case CKR_ENCRYPTED_DATA_LEN_RANGE:
        return say(err, KEY_NOT_FOR_US, "%s", name);
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_KEY_SIZE_RANGE:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_TEMPLATE_INCONSISTENT:
    case CKR_ATTRIBUTE_VALUE_INVALID:
        say(err, TOKEN_UNABLE, "%s", name);
        return fail_detail(err, "0x%lx", result);
    default:
        say(err, TOKEN_FAILS, "%s", "");
        return fail_detail(err, "0x%lx", result);
    }
}

/* Under the lock for reading, which keeps the connection. */
static CK_RV call_once(struct token *token, token_call *call, void *with, uint64_t *generation)
{
    pthread_rwlock_rdlock(&token->lock);
    *generation = token->generation;
    CK_RV result = token->connected ? need_session(token) : CKR_SESSION_CLOSED;
    if (result == CKR_OK)
        result = call(token->module, &here, with);
    pthread_rwlock_unlock(&token->lock);
    return result;
}

bool token_do(struct token *token, token_call *call, void *with, const char *name,
              struct error *err)
{
    uint64_t generation;
    CK_RV result = call_once(token, call, with, &generation);
    if (is_lost(result)) {
        disconnect(token, generation);
        if (!need_connection(token, err))
            return false;
        result = call_once(token, call, with, &generation);
    }
    return tell(result, token, name, err);
}
