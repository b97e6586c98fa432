/* The mock's configuration (config.h): a table of fields, then what a table
 * cannot say (versions, credentials, the place to listen). */
#include "mockserver/config.h"

#include "kmip/base/clock.h"
#include "kmip/net/tcp.h"
#include "kmip/schema/dict.h"
#include "kmip/ttlv/reader.h"
#include "kmip/yaml/yfield.h"
#include "kmip/yaml/ypath.h"
#include "mockserver/catalogues.h"
#include "mockserver/fields.h"
#include "mockserver/scenario.h"
#include "mockserver/tables.h"

/* What is read before it becomes the configuration. */
struct loading {
    struct mock_config cfg;
    const struct ynode *versions, *credentials, *clock, *faults, *preload;
    const struct ynode *deviations, *variations; /* put in force before the rest is read */
    int client_certificate;
    int64_t lease_ns;
};

static const char *const compound_names[] = {"accept", "reject", "ignore", NULL};
static const char *const custom_names[] = {"accept", "reject", NULL};
static const char *const async_names[] = {"accept", "ignore", NULL};
static const char *const certificate_names[] = {"required", "optional", NULL};

#define DAY READ_DAY_NS

/* Each item of a batch is a structure of an Operation, an identifier and a payload, and of
 * a message no more than so many fields are read. */
#define BATCH_ITEMS_MAX 40000
_Static_assert(4 * BATCH_ITEMS_MAX < TTLV_DEFAULT_ITEMS, "a batch of which not all is read");


static const struct yfield reorder_fields[] = {
    INT(loading, "window", cfg.reorder_window, 0, 1024,
        "replies held before they leave in another order; 0 or 1: no reordering"),
    TIME(loading, "max_wait", cfg.reorder_wait_ns, 0, 3600 * NS_PER_S,
         "longest time that a reply is held"),
    END};

static const struct yfield replies_fields[] = {
    MAP("reorder", reorder_fields, "replies leave in another order than the requests came"),
    END};

static const struct yfield journal_fields[] = {
    INT(loading, "exchanges", cfg.journal_exchanges, 0, 1000000, "exchanges that are kept"),
    INT(loading, "bytes", cfg.journal_bytes, 0, INT64_C(1) << 32,
        "bytes of messages that are kept"), END};

static const struct yfield limits_fields[] = {
    INT(loading, "message_size", cfg.limits.message_size, 256, TTLV_DEFAULT_SIZE,
        "bytes of a request; what is longer is answered Invalid Message, and the connection ends"),
    INT(loading, "response_size", cfg.limits.response_size, 4096, INT64_C(1) << 30,
        "bytes of a reply; what is longer is answered Response Too Large"),
    INT(loading, "depth", cfg.limits.depth, 4, TTLV_MAX_DEPTH,
        "structures of a request inside each other; more are answered Invalid Message"),
    INT(loading, "batch_items", cfg.limits.batch_items, 1, BATCH_ITEMS_MAX,
        "items of a request; more are answered Invalid Message"),
    INT(loading, "connections", cfg.limits.connections, 1, 1000000,
        "connections at a time; one more is closed at once"),
    INT(loading, "buffers", cfg.limits.buffers, 1 << 20, INT64_C(1) << 40,
        "bytes of unfinished requests and untaken replies that all connections hold; beyond, the "
        "one that has held what it holds longest is closed"),
    INT(loading, "objects", cfg.limits.objects, 1, INT64_C(1) << 40,
        "objects in the store; one more is answered General Failure"),
    INT(loading, "attributes", cfg.limits.attributes, 1, 100000,
        "instances of one attribute of an object"),
    TIME(loading, "handshake", cfg.limits.handshake_ns, 0, DAY,
         "time for the TLS handshake; 0: no limit"),
    TIME(loading, "idle", cfg.limits.idle_ns, 0, 365 * DAY,
         "a connection without requests is closed after this; 0: never"),
    TIME(loading, "request", cfg.limits.request_ns, 0, DAY,
         "time from the first byte of a request to its last, and for a reply to be taken; 0: no "
         "limit"),
    TIME(loading, "work", cfg.limits.work_ns, 0, DAY,
         "time for one request: items of a batch that would begin later are answered General "
         "Failure; 0: no limit"),
    END};

const struct yfield config_fields[] = {
    STR(loading, "listen", cfg.listen, "HOST:PORT; port 0 picks a free one"),
    STR(loading, "certs", cfg.certs,
        "folder with the server's kmip-ca.pem, kmip-cert.pem, kmip-key.pem"),
    STR(loading, "tls", cfg.tls, "versions and cipher suites, as a GnuTLS priority string"),
    CHOICE(loading, "client_certificate", client_certificate, certificate_names,
           "required, or optional: Query and Discover Versions work without"),
    STR(loading, "control", cfg.control, "HOST:PORT of the control API; port 0 picks a free one"),
    NODE(loading, "versions", versions, "protocol versions spoken, best first"),
    STR(loading, "vendor", cfg.vendor, "Vendor Identification in Query"),
    STR(loading, "store", cfg.store, "\":memory:\", or the file that keeps the objects"),
    FLAG(loading, "keep_metadata", cfg.keep_metadata,
         "attributes of an object survive its Destroy"),
    NODE(loading, "clock", clock, "the server's clock, and clocks of single connections"),
    CHOICE(loading, "compound_create", cfg.compound_create, compound_names,
           "Create with an Activation Date: accept, reject, or ignore the date"),
    CHOICE(loading, "custom_attributes", cfg.custom_attributes, custom_names,
           "attributes named x-... or y-...: accept or reject"),
    CHOICE(loading, "asynchronous", cfg.asynchronous, async_names,
           "a request with the Asynchronous Indicator: answer Operation Pending, or at once"),
    TIME(loading, "lease_time", lease_ns, NS_PER_S, 365 * DAY,
         "Lease Time, and what Obtain Lease grants"),
    NODE(loading, "credentials", credentials,
         "who may authenticate by Credential in the request header"),
    MAP("replies", replies_fields, "how replies leave"),
    NODE(loading, "faults", faults, "what is made to go wrong: match, action, how often"),
    NODE(loading, "deviations", deviations, "names of rules that the server breaks"),
    NODE(loading, "variations", variations, "names of ways in which it differs, yet is right"),
    NODE(loading, "preload", preload,
         "objects that are there from the start: a list, or a built-in set"),
    MAP("journal", journal_fields, "what is kept of the last exchanges"),
    MAP("limits", limits_fields, "bounds that keep the server up"),
    INT(loading, "seed", cfg.seed, 0, INT64_MAX, "start of all randomness; drawn when not given"),
    END};

const struct yfield config_credential_fields[] = {
    STR(mock_credential, "username", username, "Username and Password: Username"),
    STR(mock_credential, "password", password, "Password of either kind; none: none is asked for"),
    STR(mock_credential, "serial", serial, "Device: Device Serial Number"),
    STR(mock_credential, "device", device, "Device: Device Identifier"),
    STR(mock_credential, "network", network, "Device: Network Identifier"),
    STR(mock_credential, "machine", machine, "Device: Machine Identifier"),
    STR(mock_credential, "media", media, "Device: Media Identifier"),
    STR(mock_credential, "identity", identity, "who it is; default the username or serial"),
    END};

static void defaults(struct loading *l)
{
    *l = (struct loading){
        .cfg = {.listen = "127.0.0.1:5696",
                .store = ":memory:",
                .vendor = "kmip-mock",
                .versions = {KMIP_V12, KMIP_V11, KMIP_V10},
                .n_versions = 3,
                .compound_create = COMPOUND_ACCEPT,
                .custom_attributes = CUSTOM_ACCEPT,
                .reorder_wait_ns = 50 * NS_PER_MS,
                .keep_metadata = true,
                .clock = clock_right,
                .journal_exchanges = JOURNAL_IF_USED,
                .journal_bytes = 16 << 20,
                .limits = {.message_size = 1 << 20,
                           .response_size = 64 << 20,
                           .depth = TTLV_MAX_DEPTH,
                           .batch_items = 1000,
                           .connections = 10000,
                           .buffers = 256 << 20,
                           .objects = 2000000,
                           .attributes = 100,
                           .handshake_ns = 10 * NS_PER_S,
                           .idle_ns = 0,
                           .request_ns = 30 * NS_PER_S,
                           .work_ns = 2 * NS_PER_S}},
        .lease_ns = 3600 * NS_PER_S,
    };
}

static bool read_version(struct mock_config *cfg, const struct ynode *n, struct kerr *err)
{
    const char *text;
    if (!ynode_str(n, &text, err))
        return false;
    uint8_t v = kmip_version_parse(bytes_str(text));
    if (v != KMIP_V10 && v != KMIP_V11 && v != KMIP_V12)
        return ynode_err(n, KE_CONFIG, err,
                         "version '%s' is not spoken here; there are 1.0, 1.1 and 1.2", text);
    for (size_t i = 0; i < cfg->n_versions; i++)
        if (cfg->versions[i] == v)
            return ynode_err(n, KE_CONFIG, err, "version %s is given twice", text);
    cfg->versions[cfg->n_versions++] = v;
    return true;
}

static bool read_versions(struct mock_config *cfg, const struct ynode *n, struct kerr *err)
{
    if (n->kind != YNODE_SEQ || n->n == 0)
        return ynode_err(n, KE_CONFIG, err,
                         "versions is a list of one or more, such as [1.2, 1.1, 1.0]");
    cfg->n_versions = 0;
    for (size_t i = 0; i < n->n; i++)
        if (!read_version(cfg, n->vals[i], err))
            return false;
    return true;
}

/* Credential Types of the standard that the mock knows: Username and Password,
 * or Device (KMIP 1.2 spec, 2.1.2). */
static bool read_credential(struct mock_credential *c, const struct ynode *n, struct kerr *err)
{
    if (!yfields_read(n, config_credential_fields, c, err))
        return false;
    bool device = c->serial || c->device || c->network || c->machine || c->media;
    if (!c->username && !device)
        return ynode_err(n, KE_CONFIG, err,
                         "a credential has a username, or for a device one of serial, "
                         "device, network, machine, media");
    if (c->username && device)
        return ynode_err(n, KE_CONFIG, err,
                         "a credential is either a username or a device, not both");
    const struct ynode *password = ynode_get(n, "password");
    if (!password || password->len == 0)
        return ynode_err(password ? password : n, KE_CONFIG, err,
                         "a credential has a password; `password: none` lets in who has none");
    if (password->plain && strcmp(c->password, "none") == 0)
        c->password = NULL;
    if (!c->identity)
        c->identity = c->username ? c->username : c->serial;
    if (!c->identity)
        return ynode_err(n, KE_CONFIG, err, "a device without serial needs an identity");
    return true;
}

static bool read_credentials(struct mock_config *cfg, const struct ynode *n, struct kerr *err)
{
    if (ynode_is_null(n))
        return true;
    if (n->kind != YNODE_SEQ)
        return ynode_err(n, KE_CONFIG, err,
                         "credentials is a list, such as [{username: ann, password: secret}]");
    cfg->credentials = arena_array(&cfg->doc.arena, n->n, sizeof *cfg->credentials);
    if (!cfg->credentials && n->n > 0)
        return kerr_set(err, KE_MEMORY, "no memory for %zu credentials", n->n);
    for (size_t i = 0; i < n->n; i++)
        if (!read_credential(&cfg->credentials[i], n->vals[i], err))
            return false;
    cfg->n_credentials = n->n;
    return true;
}

/* An empty string where a name is meant is a slip of the pen. */
static bool check_strings(const struct mock_config *cfg, const struct ynode *root, struct kerr *err)
{
    static const char *const keys[] = {"listen", "control", "certs", "store", "vendor"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct ynode *n = ynode_get(root, keys[i]);
        if (n && n->len == 0)
            return ynode_err(n, KE_CONFIG, err, "%s is empty", keys[i]);
    }
    char host[256] = "", port[16] = "";
    const struct ynode *n = ynode_get(root, "listen");
    if (n && (!tcp_split(cfg->listen, host, port) || !port[0]))
        return ynode_err(n, KE_CONFIG, err, "listen is HOST:PORT, such as 127.0.0.1:5696, not '%s'",
                         cfg->listen);
    return true;
}

static bool read_document(struct loading *l, struct kerr *err)
{
    struct mock_config *cfg = &l->cfg;
    const struct ynode *root = cfg->doc.root;
    if (!root)
        return true;
    if (!yfields_read(root, config_fields, l, err) || !check_strings(cfg, root, err) ||
        (l->versions && !read_versions(cfg, l->versions, err)) ||
        (l->credentials && !read_credentials(cfg, l->credentials, err)) ||
        (l->clock && !read_clock(l->clock, &cfg->doc.arena, &cfg->clock, &cfg->clocks, err)) ||
        (l->faults && !fault_list_read(l->faults, &cfg->faults, err)) ||
        (l->preload && !preload_read(l->preload, &cfg->preload, err)))
        return false;
    cfg->seed_given = ynode_get(root, "seed") != NULL;
    return true;
}

static bool apply_set(struct ydoc *doc, const char *set, struct kerr *err)
{
    const char *eq = strchr(set, '=');
    if (!eq || eq == set)
        return kerr_set(err, KE_USAGE,
                        "--set takes path=value, such as clock.offset=-90s, not '%s'", set);
    char path[256];
    size_t n = (size_t)(eq - set);
    if (n >= sizeof path)
        return kerr_set(err, KE_USAGE, "--set: the path is longer than %zu characters",
                        sizeof path - 1);
    memcpy(path, set, n);
    path[n] = 0;
    return ydoc_set(doc, path, eq + 1, err);
}

static bool apply_scenario(struct mock_config *cfg, const char *name, struct kerr *err)
{
    static const char *const adding[] = {"faults", "preload", NULL};
    struct ydoc *layer = &cfg->layers[cfg->n_scenarios];
    if (!scenario_load(name, layer, err))
        return false;
    const char *kept = arena_str(&cfg->doc.arena, name); /* the list may go */
    if (!kept) {
        ydoc_clear(layer);
        return kerr_set(err, KE_MEMORY, "no memory for the scenario %s", name);
    }
    cfg->scenarios[cfg->n_scenarios++] = kept;
    return ydoc_merge(&cfg->doc, layer, adding, err);
}

static bool apply_scenarios(struct mock_config *cfg, const struct opt_list *l, struct kerr *err)
{
    if (!l || l->n == 0)
        return true;
    cfg->scenarios = arena_array(&cfg->doc.arena, l->n, sizeof *cfg->scenarios);
    cfg->layers = arena_array(&cfg->doc.arena, l->n, sizeof *cfg->layers);
    if (!cfg->scenarios || !cfg->layers)
        return kerr_set(err, KE_MEMORY, "no memory for %zu scenarios", l->n);
    for (size_t i = 0; i < l->n; i++)
        if (!apply_scenario(cfg, l->v[i], err))
            return false;
    return true;
}

/* The document goes when there is an error in it: what field it is in is told now. */
static void put_field(const struct ynode *root, struct kerr *err)
{
    struct buf field;
    buf_init(&field, sizeof err->path - 1);
    if (err && !err->path[0] && ynode_path(root, err, &field))
        snprintf(err->path, sizeof err->path, "%s", buf_cstr(&field));
    buf_clear(&field);
}

bool config_load_layers(struct mock_config *cfg, const struct config_layers *layers,
                        struct kerr *err)
{
    struct loading l;
    defaults(&l);
    const struct opt_list *sets = layers->sets;
    bool ok = layers->file ? ydoc_load(&l.cfg.doc, layers->file, err)
                           : ydoc_parse(&l.cfg.doc, "--set", bytes_str(""), err);
    ok = ok && apply_scenarios(&l.cfg, layers->scenarios, err);
    for (size_t i = 0; ok && sets && i < sets->n; i++)
        ok = apply_set(&l.cfg.doc, sets->v[i], err);
    ok = ok && catalogues_apply(&l.cfg, err) && read_document(&l, err);
    l.cfg.client_cert_optional = l.client_certificate == 1;
    l.cfg.lease_time_s = l.lease_ns / NS_PER_S;
    *cfg = l.cfg;
    if (!ok) {
        put_field(cfg->doc.root, err);
        config_clear(cfg);
    }
    return ok;
}

bool config_load(struct mock_config *cfg, const char *file, const struct opt_list *sets,
                 struct kerr *err)
{
    return config_load_layers(cfg, &(struct config_layers){.file = file, .sets = sets}, err);
}

void config_clear(struct mock_config *cfg)
{
    fault_list_clear(&cfg->faults);
    preload_clear(&cfg->preload);
    for (size_t i = 0; i < cfg->n_scenarios; i++)
        ydoc_clear(&cfg->layers[i]);
    for (size_t i = 0; i < CATALOGUE_KINDS; i++)
        catalogue_clear(&cfg->catalogues[i]);
    ydoc_clear(&cfg->doc);
    *cfg = (struct mock_config){0};
}
