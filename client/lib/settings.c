/* Options, values.yaml and defaults put together (settings.h). */
#include "client/lib/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/lib/settings_opts.h"
#include "kmip/base/clock.h"
#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "kmip/schema/dict.h"
#include "kmip/yaml/yfield.h"

enum { PORT_DEFAULT = 5696, DEPTH_DEFAULT = 8, DEPTH_MAX = 1024, TIMEOUT_DEFAULT_S = 30 };

#define AT(member) offsetof(struct kc_settings, member)
#define SEEN(member) OPT_SEEN(struct kc_settings, member)

const struct opt kc_settings_opts[] = {
    {.name = "host", .kind = OPT_STR, .off = AT(host), .arg = "NAME",
     .help = "server's name or address (else KMIP_HOST)"},
    {.name = "port", .kind = OPT_INT, .off = AT(port), .arg = "N", .min = 1, .max = 65535,
     .seen_off = SEEN(port_given), .help = "server's port (else KMIP_PORT; default 5696)"},
    {.name = "certs", .kind = OPT_STR, .off = AT(certs), .arg = "DIR",
     .help = "folder with kmip-ca.pem, kmip-cert.pem and kmip-key.pem (else KMIP_CERTS)"},
    {.name = "ca", .kind = OPT_STR, .off = AT(ca), .arg = "FILE",
     .help = "certificates of the CAs that may have signed the server's"},
    {.name = "cert", .kind = OPT_STR, .off = AT(cert), .arg = "FILE", .help = "our certificate"},
    {.name = "key", .kind = OPT_STR, .off = AT(key), .arg = "FILE",
     .help = "private key of our certificate"},
    {.name = "protocol", .kind = OPT_STR, .off = AT(protocol), .arg = "1.0|1.1|1.2",
     .help = "KMIP version to speak: 1.0, 1.1 or 1.2 (default)"},
    {.name = "timeout", .kind = OPT_DURATION, .off = AT(timeout_ns), .arg = "SECONDS",
     .help = "longest wait for connecting and for each reply (default 30; kmip-conform: 10)"},
    {.name = "pipeline-depth", .kind = OPT_INT, .off = AT(depth), .arg = "N", .max = DEPTH_MAX,
     .seen_off = SEEN(depth_given), .help = "requests in flight at once (default 8; 0 means 1)"},
    {.name = "match", .kind = OPT_STR, .off = AT(match_text), .arg = "id|position",
     .help = "how replies find their request: by id (default) or, as the Zenko driver, position"},
    {.name = "compound-create", .kind = OPT_FLAG, .off = AT(compound_create),
     .help = "make bucket keys by Create with an Activation Date, without Activate"},
    {.name = "no-compound-create", .kind = OPT_FLAG, .off = AT(no_compound_create),
     .help = "make them by Create and Activate, also when --values has compoundCreate: true"},
    {.name = "bucket-attribute", .kind = OPT_STR, .off = AT(bucket_attribute), .arg = "NAME",
     .help = "attribute that names a bucket key's bucket (default: none)"},
    {.name = "values", .kind = OPT_STR, .off = AT(values), .arg = "FILE",
     .help = "cloudserver values.yaml whose kmip: block gives defaults"},
};
const size_t kc_n_settings_opts = sizeof kc_settings_opts / sizeof *kc_settings_opts;

void kc_settings_init(struct kc_settings *s)
{
    memset(s, 0, sizeof *s);
    s->port = PORT_DEFAULT;
    s->depth = DEPTH_DEFAULT;
    s->timeout_ns = TIMEOUT_DEFAULT_S * NS_PER_S;
    s->version = KMIP_V12;
}

/* values.yaml: the six keys of the kmip: block. */
struct block {
    bool enabled, compound;
    int64_t port, depth; /* 0 and -1: not given */
    const struct ynode *hosts, *bucket;
};

static const struct yfield block_fields[] = {
    {.key = "enabled", .kind = YF_BOOL, .off = offsetof(struct block, enabled)},
    {.key = "port", .kind = YF_INT, .off = offsetof(struct block, port), .min = 1, .max = 65535},
    {.key = "hosts", .kind = YF_NODE, .off = offsetof(struct block, hosts)},
    {.key = "compoundCreate", .kind = YF_BOOL, .off = offsetof(struct block, compound)},
    {.key = "bucketAttributeName", .kind = YF_NODE, .off = offsetof(struct block, bucket)},
    {.key = "pipelineDepth",
     .kind = YF_INT,
     .off = offsetof(struct block, depth),
     .max = DEPTH_MAX},
    {.key = NULL},
};

/* A text of at most room - 1 bytes. What YAML takes for a number or a truth value
 * is no text: the chart would hand over something else than was meant. */
static bool block_text(const struct ynode *n, const char *what, char *out, size_t room,
                       struct kerr *err)
{
    const char *text;
    int64_t number;
    bool truth;

    if (!ynode_str(n, &text, err))
        return kerr_wrap(err, "%s", what);
    struct bytes v = bytes_str(text);
    if (n->plain && (text_int(v, INT64_MIN, INT64_MAX, &number) || text_bool(v, &truth)))
        return ynode_err(n, KE_CONFIG, err,
                         "expected a text for %s, found %s (quotes make it a text)", what, text);
    if (strlen(text) >= room)
        return ynode_err(n, KE_CONFIG, err, "%s is longer than %zu bytes", what, room - 1);
    snprintf(out, room, "%s", text);
    return true;
}

/* What is wrong with a host's name; NULL when nothing is. */
static const char *host_fault(const char *host)
{
    const char *colon = strchr(host, ':');

    if (host[0] == 0)
        return "is empty";
    if (strpbrk(host, " \t\r\n"))
        return "holds a blank";
    if (strpbrk(host, "/[]"))
        return "must be a bare name or address";
    if (colon && !strchr(colon + 1, ':'))
        return "must be a name without a port, which is given by itself";
    return NULL;
}

static bool several_hosts(const struct ynode *hosts, struct kerr *err)
{
    struct buf list;

    buf_init(&list, 300);
    for (size_t i = 0; i < hosts->n; i++)
        if (hosts->vals[i]->kind == YNODE_SCALAR)
            buf_printf(&list, "%s%s", list.n ? ", " : "", hosts->vals[i]->text);
    ynode_err(hosts->vals[1], KE_CONFIG, err,
              "hosts lists %zu servers, but KMIP has no failover: choose one with --host (%s)",
              hosts->n, buf_cstr(&list));
    buf_clear(&list);
    return false;
}

static bool block_host(const struct ynode *block, const struct ynode *hosts,
                       struct kc_settings *s, struct kerr *err)
{
    if (!hosts || ynode_is_null(hosts))
        return ynode_err(hosts ? hosts : block, KE_CONFIG, err,
                         "hosts names no server: list one there, or give --host");
    if (hosts->kind != YNODE_SEQ)
        return ynode_err(hosts, KE_CONFIG, err, "expected a list for hosts, such as [kms.example]");
    if (hosts->n == 0)
        return ynode_err(hosts, KE_CONFIG, err,
                         "hosts is empty: list one server there, or give --host");
    if (hosts->n > 1)
        return several_hosts(hosts, err);
    if (!block_text(hosts->vals[0], "a host", s->host_buf, sizeof s->host_buf, err))
        return false;
    const char *fault = host_fault(s->host_buf);
    if (fault)
        return ynode_err(hosts->vals[0], KE_CONFIG, err, "host '%s' %s", s->host_buf, fault);
    s->host = s->host_buf;
    return true;
}

/* Takes over what the command line leaves open. */
static bool apply_block(const struct ynode *node, struct kc_settings *s, struct kerr *err)
{
    struct block b = {.depth = -1};

    if (!yfields_read(node, block_fields, &b, err))
        return false;
    const struct ynode *enabled = ynode_get(node, "enabled");
    if (enabled && !b.enabled)
        return ynode_err(enabled, KE_CONFIG, err,
                         "KMIP is switched off here (enabled: false): set it to true, or do "
                         "without --values");
    s->values_enabled = b.enabled;
    if (!s->host && !block_host(node, b.hosts, s, err))
        return false;
    if (!s->port_given && b.port) {
        s->port = b.port;
        s->port_given = true;
    }
    if (!s->depth_given && b.depth >= 0)
        s->depth = b.depth;
    s->compound_create = s->compound_create || (b.compound && !s->no_compound_create);
    if (b.bucket && !ynode_is_null(b.bucket)) {
        char name[sizeof s->bucket_buf];
        if (!block_text(b.bucket, "bucketAttributeName", name, sizeof name, err))
            return false;
        if (!s->bucket_attribute) {
            memcpy(s->bucket_buf, name, sizeof name);
            s->bucket_attribute = s->bucket_buf;
        }
    }
    return true;
}

/* What stands under a key: NULL when nothing does. Which of two is meant nobody can
 * say: readers of YAML differ. */
static bool only(struct ydoc *doc, const struct ynode *map, const char *key, struct ynode **out,
                 struct kerr *err)
{
    uint32_t line = 0;

    *out = NULL;
    for (size_t i = 0; map && map->kind == YNODE_MAP && i < map->n; i++) {
        if (strcmp(map->keys[i]->text, key) != 0)
            continue;
        if (*out)
            return ynode_err(map->keys[i], KE_CONFIG, err,
                             "a second %s:, beside the one in line %u: keep one", key, line);
        *out = map->vals[i];
        line = map->keys[i]->line;
    }
    return ydoc_unfold(doc, out, err);
}

/* The chart's own file has the block at the top, Zenko's under cloudserver:. */
static bool find_block(struct ydoc *doc, const char *path, struct ynode **out, struct kerr *err)
{
    struct ynode *root = doc->root, *top, *cloudserver, *under;

    if (!root)
        return kerr_set(err, KE_CONFIG, "%s:1:1: the file is empty; expected a kmip: block", path);
    if (!ydoc_unfold(doc, &root, err) || !only(doc, root, "kmip", &top, err) ||
        !only(doc, root, "cloudserver", &cloudserver, err) ||
        !only(doc, cloudserver, "kmip", &under, err))
        return false;
    if (top && under)
        return ynode_err(under, KE_CONFIG, err,
                         "a second kmip: block, beside the one at the top of the file (line %u): "
                         "keep one",
                         top->line);
    *out = top ? top : under;
    return *out || ynode_err(cloudserver ? cloudserver : root, KE_CONFIG, err,
                             "no kmip: block, neither at the top nor under cloudserver:");
}

static bool read_values(struct kc_settings *s, struct kerr *err)
{
    struct ydoc doc = {0};
    struct ynode *block = NULL;
    bool ok = ydoc_load(&doc, s->values, err) && find_block(&doc, s->values, &block, err) &&
              apply_block(block, s, err);

    ydoc_clear(&doc);
    return ok || kerr_wrap(err, "--values");
}

/* The environment: what is set and not empty. */
static const char *environment(const char *name)
{
    const char *v = getenv(name);
    return v && *v ? v : NULL;
}

/* The folder, or else the files one by one, of which each may be given elsewhere. */
static void certificates_of_environment(struct kc_settings *s)
{
    if (s->certs || (s->ca && s->cert && s->key))
        return;
    s->certs = environment("KMIP_CERTS");
    if (s->certs)
        return;
    s->ca = s->ca ? s->ca : environment("KMIP_CA");
    s->cert = s->cert ? s->cert : environment("KMIP_CERT");
    s->key = s->key ? s->key : environment("KMIP_KEY");
}

/* What neither the command line nor values.yaml has given. */
static bool read_environment(struct kc_settings *s, struct kerr *err)
{
    const char *port = environment("KMIP_PORT");

    if (!s->host)
        s->host = environment("KMIP_HOST");
    if (port && !s->port_given && !text_int(bytes_str(port), 1, 65535, &s->port))
        return kerr_set(err, KE_USAGE, "KMIP_PORT is to be a port from 1 to 65535, not '%s'", port);
    certificates_of_environment(s);
    return true;
}

static bool check_words(struct kc_settings *s, struct kerr *err)
{
    static const char *const matches[] = {[KC_MATCH_ID] = "id", [KC_MATCH_POSITION] = "position"};

    if (s->protocol) {
        s->version = kmip_version_parse(bytes_str(s->protocol));
        if (s->version < KMIP_V10 || s->version > KMIP_V12)
            return kerr_set(err, KE_USAGE, "--protocol takes 1.0, 1.1 or 1.2, not '%s'",
                            s->protocol);
    }
    if (s->match_text) {
        if (strcmp(s->match_text, matches[KC_MATCH_ID]) == 0)
            s->match = KC_MATCH_ID;
        else if (strcmp(s->match_text, matches[KC_MATCH_POSITION]) == 0)
            s->match = KC_MATCH_POSITION;
        else
            return kerr_set(err, KE_USAGE, "--match takes 'id' or 'position', not '%s'",
                            s->match_text);
    }
    if (s->timeout_ns <= 0)
        return kerr_set(err, KE_USAGE, "--timeout must be longer than nothing");
    if (s->bucket_attribute && !text_utf8(bytes_str(s->bucket_attribute)))
        return kerr_set(err, KE_USAGE, "--bucket-attribute is not UTF-8");
    return true;
}

static bool check_host(const struct kc_settings *s, struct kerr *err)
{
    if (!s->host)
        return kerr_set(err, KE_USAGE, "which server? give --host NAME, --values FILE, or KMIP_HOST");
    const char *fault = host_fault(s->host);
    return !fault || kerr_set(err, KE_USAGE, "--host '%s' %s", s->host, fault);
}

/* One of the three files: --ca and its like beat --certs. */
static bool pem_path(const char *option, const char *given, char *path, size_t room,
                     struct kerr *err)
{
    if (given && (size_t)snprintf(path, room, "%s", given) >= room)
        return kerr_set(err, KE_USAGE, "--%s is longer than a path can be", option);
    if (path[0] == 0)
        return kerr_set(err, KE_USAGE, "no --%s: give --certs DIR (or KMIP_CERTS), or --ca, --cert and --key",
                        option);
    if (access(path, R_OK) != 0)
        return kerr_set(err, KE_PEM, "cannot read %s, the file for --%s: %m", path, option);
    return true;
}

static bool check_pems(struct kc_settings *s, struct kerr *err)
{
    struct tls_dir *f = &s->files;

    memset(f, 0, sizeof *f);
    if (s->certs && !tls_dir_files(s->certs, f, err))
        return false;
    return pem_path("ca", s->ca, f->ca, sizeof f->ca, err) &&
           pem_path("cert", s->cert, f->cert, sizeof f->cert, err) &&
           pem_path("key", s->key, f->key, sizeof f->key, err);
}

bool kc_settings_finish(struct kc_settings *s, struct kerr *err)
{
    if (s->compound_create && s->no_compound_create)
        return kerr_set(err, KE_USAGE, "--compound-create and --no-compound-create contradict each "
                        "other");
    if ((s->values && !read_values(s, err)) || !read_environment(s, err))
        return false;
    if (!check_words(s, err) || !check_host(s, err) || !check_pems(s, err))
        return false;
    if (s->depth == 0) {
        log_line(LOG_WARN, "pipeline depth 0 is taken as 1: one request at a time");
        s->depth = 1;
    }
    if (s->bucket_attribute && s->bucket_attribute[0] == 0)
        s->bucket_attribute = NULL;
    return true;
}
