/* Clients that were verified lately (tls_priv.h): whoever comes back, with a new handshake or
 * a resumed session, costs no second check of signatures.
 *
 * A verdict stands for KNOWN_S seconds at most, and never beyond a date of the certificates
 * shown; a refusal is not kept. It goes with the credentials: other authorities or another
 * revocation list are other credentials. */
#include <gnutls/crypto.h>
#include <pthread.h>
#include <stdlib.h>

#include "kmip/net/tls_priv.h"

#define KNOWN_N 64
#define KNOWN_S 60

struct entry {
    uint8_t key[TLS_KEY_SIZE];
    int64_t from_s, until_s; /* until_s 0: free */
    struct tls_info peer;
};

struct tls_known {
    pthread_mutex_t lock;
    size_t next;
    struct entry entry[KNOWN_N];
};

struct tls_known *tls_known_new(void)
{
    struct tls_known *k = calloc(1, sizeof *k);

    if (k)
        pthread_mutex_init(&k->lock, NULL);
    return k;
}

void tls_known_free(struct tls_known **k)
{
    if (!*k)
        return;
    pthread_mutex_destroy(&(*k)->lock);
    free(*k);
    *k = NULL;
}

bool tls_known_key(gnutls_session_t session, uint8_t key[TLS_KEY_SIZE])
{
    unsigned n = 0;
    const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &n);
    gnutls_hash_hd_t h;

    if (!raw || n == 0 || gnutls_hash_init(&h, GNUTLS_DIG_SHA256) < 0)
        return false;
    for (unsigned i = 0; i < n; i++) {
        uint8_t size[4];
        be32_put(size, raw[i].size);
        gnutls_hash(h, size, sizeof size);
        gnutls_hash(h, raw[i].data, raw[i].size);
    }
    gnutls_hash_deinit(h, key);
    return true;
}

bool tls_known_find(struct tls_known *k, const uint8_t key[TLS_KEY_SIZE], int64_t now_s,
                    struct tls_info *peer)
{
    bool found = false;

    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < KNOWN_N && !found; i++) {
        const struct entry *e = &k->entry[i];
        found = e->until_s && e->from_s <= now_s && now_s <= e->until_s &&
                memcmp(e->key, key, TLS_KEY_SIZE) == 0;
        if (found && peer)
            *peer = e->peer;
    }
    pthread_mutex_unlock(&k->lock);
    return found;
}

/* The last moment at which all certificates shown are valid; 0 when one cannot be read. */
static int64_t valid_until(gnutls_session_t session)
{
    unsigned n = 0;
    const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &n);
    int64_t until = INT64_MAX;

    for (unsigned i = 0; i < n; i++) {
        gnutls_x509_crt_t crt;
        if (gnutls_x509_crt_init(&crt) < 0)
            return 0;
        bool read = gnutls_x509_crt_import(crt, &raw[i], GNUTLS_X509_FMT_DER) == 0;
        int64_t end = read ? gnutls_x509_crt_get_expiration_time(crt) : 0;
        gnutls_x509_crt_deinit(crt);
        until = end < until ? end : until;
    }
    return until;
}

void tls_known_put(struct tls_known *k, gnutls_session_t session, const uint8_t key[TLS_KEY_SIZE],
                   int64_t now_s, const struct tls_info *peer)
{
    int64_t until = valid_until(session);

    if (until > now_s + KNOWN_S)
        until = now_s + KNOWN_S;
    if (until < now_s)
        return;
    pthread_mutex_lock(&k->lock);
    struct entry *e = &k->entry[k->next++ % KNOWN_N];
    memcpy(e->key, key, TLS_KEY_SIZE);
    e->from_s = now_s;
    e->until_s = until;
    e->peer = *peer;
    pthread_mutex_unlock(&k->lock);
}
