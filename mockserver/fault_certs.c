/* Server certificates that are wrong in one way each, made when a fault wants them
 * (fault_action.h).
 *
 * They are of the authority that the server's own certificate is of, so that a client
 * which trusts the server objects to nothing else. Files are made in a temporary
 * folder that is gone before this returns: only the loaded credentials stay. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/net/pki.h"
#include "mockserver/fault_action.h"

enum { PATH_ROOM = 4096 };
#define DAY_S (INT64_C(24) * 3600)

struct fault_certs {
    char *dir; /* the server's own certificates; NULL: none */
    bool client_cert_optional;
    struct tls_creds *v[CERTIFICATE_KINDS];
};

struct fault_certs *fault_certs_new(const char *dir, bool client_cert_optional)
{
    struct fault_certs *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->dir = dir ? strdup(dir) : NULL;
    c->client_cert_optional = client_cert_optional;
    if (dir && !c->dir) {
        free(c);
        return NULL;
    }
    return c;
}

void fault_certs_free(struct fault_certs **c)
{
    if (!*c)
        return;
    for (size_t i = 0; i < CERTIFICATE_KINDS; i++)
        tls_creds_free(&(*c)->v[i]);
    free((*c)->dir);
    free(*c);
    *c = NULL;
}

const struct tls_creds *fault_certs_get(const struct fault_certs *c, enum fault_certificate kind)
{
    return c->v[kind];
}

/* --- a folder for the making of one ------------------------------------ */

static bool make_folder(char dir[PATH_ROOM], struct kerr *err)
{
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(dir, PATH_ROOM, "%s/kmip-mock-fault.XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
    return (n < PATH_ROOM && mkdtemp(dir)) ||
           kerr_set(err, KE_FILE, "cannot make a temporary folder %s: %s", dir, strerror(errno));
}

static int remove_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
    (void)sb;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_folder(const char *dir)
{
    enum { OPEN_DIRS = 8 };
    (void)nftw(dir, remove_one, OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
}

static bool join(char out[PATH_ROOM], const char *dir, const char *name, struct kerr *err)
{
    return snprintf(out, PATH_ROOM, "%s/%s", dir, name) < PATH_ROOM ||
           kerr_set(err, KE_FILE, "the path %s/%s is too long", dir, name);
}

/* The authority's files, as --pki lays them out, seen from the new folder. */
static bool link_authority(const struct fault_certs *c, const char *folder, struct kerr *err)
{
    static const char *const names[] = {"ca.pem", "ca-key.pem"};
    for (size_t i = 0; i < 2; i++) {
        char beside[PATH_ROOM], to[PATH_ROOM];
        char *from;
        if (!join(beside, c->dir, "..", err) || !join(to, beside, names[i], err))
            return false;
        from = realpath(to, NULL);
        if (!from)
            return kerr_set(err, KE_PEM,
                            "this certificate is to be signed by the server's authority, but %s "
                            "is not there; --pki DIR makes a set that has it",
                            to);
        bool ok = join(to, folder, names[i], err) &&
                  (symlink(from, to) == 0 ||
                   kerr_set(err, KE_FILE, "cannot link %s: %s", to, strerror(errno)));
        free(from);
        if (!ok)
            return false;
    }
    return true;
}

/* --- making ------------------------------------------------------------ */

static struct pki_leaf leaf_of(enum fault_certificate kind)
{
    int64_t now = clock_wall_ns() / NS_PER_S;
    struct pki_leaf leaf = {.cn = "localhost", .server = true};
    switch (kind) {
    case CERTIFICATE_EXPIRED:
        leaf.not_before = now - 365 * DAY_S;
        leaf.not_after = now - DAY_S;
        break;
    case CERTIFICATE_NOT_YET_VALID:
        leaf.not_before = now + DAY_S;
        leaf.not_after = now + 365 * DAY_S;
        break;
    case CERTIFICATE_WRONG_NAME:
        leaf.cn = leaf.dns = "somebody-else.example";
        break;
    case CERTIFICATE_UNKNOWN_CA:
    case CERTIFICATE_KINDS:
        break;
    }
    return leaf;
}

static struct tls_creds *make_in(const struct fault_certs *c, const char *folder,
                                 enum fault_certificate kind, struct kerr *err)
{
    struct pki_leaf leaf = leaf_of(kind);
    struct tls_dir own, made;
    char path[PATH_ROOM];
    bool authority = kind == CERTIFICATE_UNKNOWN_CA
                         ? pki_ca(folder, "an authority that nobody knows", err)
                         : link_authority(c, folder, err);
    if (!authority || !pki_leaf(folder, "server", &leaf, err) ||
        !join(path, folder, "server", err) || !tls_dir_files(path, &made, err) ||
        !tls_dir_files(c->dir, &own, err))
        return NULL;
    /* Clients are judged as ever. */
    return tls_creds_load(TLS_SERVER,
                          &(struct tls_files){.ca = own.ca, .cert = made.cert, .key = made.key},
                          &(struct tls_options){.client_cert_optional = c->client_cert_optional},
                          err);
}

bool fault_certs_make(struct fault_certs *c, enum fault_certificate kind, struct kerr *err)
{
    char folder[PATH_ROOM];
    if (c->v[kind])
        return true;
    if (!c->dir)
        return kerr_set(err, KE_CONFIG, "the server has no folder of certificates");
    if (!make_folder(folder, err))
        return false;
    c->v[kind] = make_in(c, folder, kind, err);
    remove_folder(folder);
    return c->v[kind] != NULL;
}
