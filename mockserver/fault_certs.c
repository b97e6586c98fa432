/* Server certificates that are wrong in one way each, made when a fault wants them
 * (fault_action.h).
 *
 * They are of the authority that the server's own certificate is of, so that a client
 * which trusts the server objects to nothing else. Files are made in a temporary
 * folder that is gone before this returns: only the loaded credentials stay. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/file.h"
#include "kmip/net/pki.h"
#include "mockserver/fault_action.h"

#define DAY_S (INT64_C(24) * 3600)

struct fault_certs {
    char *dir; /* the server's own certificates; NULL: none */
    char *tls; /* its versions and cipher suites; NULL: as is the rule */
    bool client_cert_optional;
    struct tls_creds *v[CERTIFICATE_KINDS];
};

struct fault_certs *fault_certs_new(const struct mock_config *cfg)
{
    struct fault_certs *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->dir = cfg->certs ? strdup(cfg->certs) : NULL;
    c->tls = cfg->tls ? strdup(cfg->tls) : NULL;
    c->client_cert_optional = cfg->client_cert_optional;
    if ((cfg->certs && !c->dir) || (cfg->tls && !c->tls))
        fault_certs_free(&c);
    return c;
}

void fault_certs_free(struct fault_certs **c)
{
    if (!*c)
        return;
    for (size_t i = 0; i < CERTIFICATE_KINDS; i++)
        tls_creds_free(&(*c)->v[i]);
    free((*c)->dir);
    free((*c)->tls);
    free(*c);
    *c = NULL;
}

const struct tls_creds *fault_certs_get(const struct fault_certs *c, enum fault_certificate kind)
{
    return c->v[kind];
}

/* --- a folder for the making of one ------------------------------------ */

/* The authority's files, as --pki lays them out, seen from the new folder. */
static bool link_authority(const struct fault_certs *c, const char *folder, struct kerr *err)
{
    static const char *const names[] = {"ca.pem", "ca-key.pem"};
    for (size_t i = 0; i < 2; i++) {
        char beside[FILE_PATH_MAX], to[FILE_PATH_MAX];
        char *from;
        if (!file_join(beside, c->dir, "..", err) || !file_join(to, beside, names[i], err))
            return false;
        from = realpath(to, NULL);
        if (!from)
            return kerr_set(err, KE_PEM,
                            "this certificate is to be signed by the server's authority, but %s "
                            "is not there; --pki DIR makes a set that has it",
                            to);
        bool ok = file_join(to, folder, names[i], err) &&
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
    char path[FILE_PATH_MAX];
    bool authority = kind == CERTIFICATE_UNKNOWN_CA
                         ? pki_ca(folder, "an authority that nobody knows", err)
                         : link_authority(c, folder, err);
    if (!authority || !pki_leaf(folder, "server", &leaf, err) ||
        !file_join(path, folder, "server", err) || !tls_dir_files(path, &made, err) ||
        !tls_dir_files(c->dir, &own, err))
        return NULL;
    /* Clients are judged as ever. */
    struct tls_files files = tls_files_of(&own);
    files.cert = made.cert;
    files.key = made.key;
    return tls_creds_load(TLS_SERVER, &files,
                          &(struct tls_options){.client_cert_optional = c->client_cert_optional,
                                                .priority = c->tls},
                          err);
}

bool fault_certs_make(struct fault_certs *c, enum fault_certificate kind, struct kerr *err)
{
    char folder[FILE_PATH_MAX];
    if (c->v[kind])
        return true;
    if (!c->dir)
        return kerr_set(err, KE_CONFIG, "the server has no folder of certificates");
    if (!file_temporary(folder, "kmip-mock-fault", err))
        return false;
    c->v[kind] = make_in(c, folder, kind, err);
    file_remove_folder(folder);
    return c->v[kind] != NULL;
}
