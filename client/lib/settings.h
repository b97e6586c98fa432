/* How to reach a server: what kmip-client and kmip-conform are told, and a program of yours.
 *
 * Sources, the later beating the earlier: defaults, the environment (KMIP_HOST,
 * KMIP_PORT, KMIP_CERTS, or KMIP_CA, KMIP_CERT and KMIP_KEY: what `kmip-mock run` sets),
 * the `kmip:` block of a cloudserver values.yaml (--values), the command line.
 * --ca, --cert and --key take the place of one file each; a folder given by --certs, or
 * all three files, leave nothing to the environment. */
#ifndef CLIENT_LIB_SETTINGS_H
#define CLIENT_LIB_SETTINGS_H

#include "kmip/net/tls.h"

enum kc_match { KC_MATCH_ID, KC_MATCH_POSITION };

struct kc_settings {
    /* As given on the command line (settings_opts.h), or by a program that sets them; the rest
     * is filled in by kc_settings_finish. */
    const char *host, *certs, *ca, *cert, *key, *protocol, *match_text, *bucket_attribute, *values;
    int64_t port, timeout_ns, depth;
    bool port_given, depth_given, compound_create;
    bool no_compound_create; /* whatever the file says */

    uint8_t version;      /* 0x12 */
    enum kc_match match;
    struct tls_dir files; /* paths in effect; empty where none was given */
    char host_buf[256], bucket_buf[256];
    bool values_enabled;  /* the values file said enabled: true */
};

void kc_settings_init(struct kc_settings *s);
/* Reads --values, applies the command line over it, checks the result: host
 * given, pem files there, versions known, depth 0 -> 1 (log_line warning).
 * KE_USAGE, KE_CONFIG (FILE:LINE:COL for the values file), KE_PEM. */
__attribute__((warn_unused_result)) bool kc_settings_finish(struct kc_settings *s,
                                                            struct kerr *err);

#endif
