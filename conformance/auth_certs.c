/* Client certificates that no server should take (auth.h). */
#include "conformance/auth.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/net/pki.h"

#define DAYS_OFF (30 * INT64_C(86400)) /* seconds; so much because clocks may differ */

struct auth_certs {
    char dir[4096];            /* of all that is made */
    struct pki_about genuine;  /* the client's own certificate */
    struct tls_dir files;      /* of the connection under way */
};

struct made_identity {
    const char *name;
    bool (*use)(struct target *t, const struct made_identity *which, struct kc_connect *c,
                struct kerr *err);
    int from, to; /* of its dates, in DAYS_OFF from now; both 0: the usual */
};

/* ---- the folder ---------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

void auth_certs_free(struct auth_certs **a)
{
    if (!*a)
        return;
    if ((*a)->dir[0])
        nftw((*a)->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(*a);
    *a = NULL;
}

static bool path_in(char *out, size_t room, const char *dir, const char *name, struct kerr *err)
{
    return (size_t)snprintf(out, room, "%s/%s", dir, name) < room ||
           kerr_set(err, KE_CONFIG, "the path %s/%s is too long", dir, name);
}

static bool need_folder(struct target *t, struct kerr *err)
{
    const char *tmp = getenv("TMPDIR");
    if (t->made)
        return true;
    t->made = calloc(1, sizeof *t->made);
    if (!t->made)
        return kerr_set(err, KE_MEMORY, "no memory for certificates");
    if (!path_in(t->made->dir, sizeof t->made->dir, tmp && *tmp ? tmp : "/tmp",
                 "kmip-conform.XXXXXX", err) ||
        !mkdtemp(t->made->dir)) {
        kerr_set(err, KE_CONFIG, "no folder for certificates: %s", strerror(errno));
        t->made->dir[0] = 0;
        auth_certs_free(&t->made);
        return false;
    }
    if (pki_describe(t->opt.settings.files.cert, &t->made->genuine, err))
        return true;
    auth_certs_free(&t->made);
    return false;
}

/* ---- authorities ----------------------------------------------------------------- */

static bool without_key(const char *folder, struct kerr *err)
{
    return kerr_set(err, KE_CONFIG,
                    "it takes the key of the authority that signs clients, and %s holds no "
                    "ca.pem with its ca-key.pem: --client-ca DIR names their folder",
                    folder);
}

/* The folder above the one of the client's certificate, unless another was given. */
static bool find_signer(const struct target *t, char out[4096], struct kerr *err)
{
    const char *cert = t->opt.settings.files.cert;
    int n = t->opt.client_ca ? snprintf(out, 4096, "%s", t->opt.client_ca)
                             : snprintf(out, 4096, "%s", cert);
    if (n < 0 || n >= 4096)
        return kerr_set(err, KE_CONFIG, "the path of the client's certificate is too long");
    for (int up = 0; !t->opt.client_ca && up < 2; up++) {
        char *slash = strrchr(out, '/');
        if (!slash || slash == out)
            return kerr_set(err, KE_CONFIG,
                            "it takes the key of the authority that signs clients: --client-ca "
                            "DIR names the folder of its ca.pem and ca-key.pem");
        *slash = 0;
    }
    return true;
}

/* That authority, under names of ours: nothing is written into its folder. */
static bool link_signer(struct target *t, const char *ours, struct kerr *err)
{
    static const char *const names[] = {"ca.pem", "ca-key.pem"};
    char folder[4096], absolute[4096], from[4300], to[4300];
    if (!find_signer(t, folder, err))
        return false;
    if (mkdir(ours, 0700) < 0)
        return errno == EEXIST ||
               kerr_set(err, KE_CONFIG, "cannot make %s: %s", ours, strerror(errno));
    for (size_t i = 0; i < 2; i++) {
        if (!path_in(from, sizeof from, folder, names[i], err) ||
            !path_in(to, sizeof to, ours, names[i], err))
            return false;
        if (!realpath(from, absolute) || symlink(absolute, to) < 0) {
            rmdir(ours);
            return without_key(folder, err);
        }
    }
    return (path_in(to, sizeof to, ours, names[0], err) &&
            pki_issued(to, t->opt.settings.files.cert)) ||
           kerr_set(err, KE_CONFIG,
                    "the authority in %s is not the one that signed the client's certificate: "
                    "--client-ca DIR names the folder of its ca.pem and ca-key.pem",
                    folder);
}

/* ---- identities --------------------------------------------------------------------- */

/* A certificate of that name by the authority in dir/authority, made unless it is there. */
static bool make_leaf(struct target *t, const char *authority, const struct made_identity *which,
                      struct kc_connect *c, struct kerr *err)
{
    struct auth_certs *a = t->made;
    char dir[4200], folder[4200];
    int64_t now = clock_wall_ns() / NS_PER_S;
    struct pki_leaf leaf = {.cn = a->genuine.cn, .rsa = a->genuine.rsa};
    if (which->from || which->to) {
        leaf.not_before = now + which->from * DAYS_OFF;
        leaf.not_after = now + which->to * DAYS_OFF;
    }
    if (!path_in(dir, sizeof dir, a->dir, authority, err) ||
        !path_in(folder, sizeof folder, dir, which->name, err) ||
        !pki_leaf(dir, which->name, &leaf, err) || !tls_dir_files(folder, &a->files, err))
        return false;
    c->files.cert = a->files.cert;
    c->files.key = a->files.key;
    return true;
}

static bool use_signed(struct target *t, const struct made_identity *which, struct kc_connect *c,
                       struct kerr *err)
{
    char ours[4200];
    return path_in(ours, sizeof ours, t->made->dir, "authority", err) &&
           link_signer(t, ours, err) && make_leaf(t, "authority", which, c, err);
}

static bool use_stranger(struct target *t, const struct made_identity *which,
                         struct kc_connect *c, struct kerr *err)
{
    char dir[4200];
    return path_in(dir, sizeof dir, t->made->dir, "stranger", err) &&
           pki_ca(dir, t->made->genuine.issuer_cn, err) &&
           make_leaf(t, "stranger", which, c, err);
}

static bool use_keyless(struct target *t, const struct made_identity *which, struct kc_connect *c,
                        struct kerr *err)
{
    const char *genuine = c->files.cert;
    bool ok = use_stranger(t, which, c, err);
    c->files.cert = genuine;
    return ok;
}

static const struct made_identity identities[] = {
    {"expired", use_signed, -2, -1},
    {"early", use_signed, 1, 2},
    {"stranger", use_stranger, 0, 0},
    {"keyless", use_keyless, 0, 0},
};

static const struct made_identity *find(const char *as)
{
    for (size_t i = 0; i < sizeof identities / sizeof *identities; i++)
        if (strcmp(identities[i].name, as) == 0)
            return &identities[i];
    return NULL;
}

bool auth_is_made(const char *as)
{
    return find(as) != NULL;
}

bool auth_use(struct target *t, const char *as, struct kc_connect *c, struct kerr *err)
{
    const struct made_identity *which = find(as);
    c->tls.wrong_on_purpose = true;
    return need_folder(t, err) && which->use(t, which, c, err);
}
