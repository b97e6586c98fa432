/* The mock's configuration: YAML file, scenarios over it, --set path=value over these,
 * options over that.
 *
 *     listen: 127.0.0.1:5696
 *     certs: ./certs/server
 *     versions: [1.2, 1.1, 1.0]
 *     vendor: kmip-mock
 *     store: ":memory:"
 *     clock: {offset: -90s}
 *     compound_create: accept          # accept | reject | ignore
 *     custom_attributes: accept        # accept | reject
 *     asynchronous: accept             # accept | ignore
 *     replies: {reorder: {window: 4, max_wait: 50ms}}
 *     faults: [{match: {operation: Create, nth: 2}, action: drop}]
 *     preload: [states, {identifier: key-1, state: Active}]
 *     deviations: [time-stamp-missing] # out of fixtures/deviations.yaml
 *     seed: 7
 *
 * fixtures/mock.yaml explains every key. */
#ifndef MOCKSERVER_CONFIG_H
#define MOCKSERVER_CONFIG_H

#include "kmip/base/clock.h"
#include "kmip/base/option.h"
#include "kmip/yaml/catalogue.h"
#include "kmip/yaml/ynode.h"
#include "mockserver/fault_list.h"
#include "mockserver/preload.h"
#include "mockserver/read.h"
#include "mockserver/switches.h"

/* The last of each are for faults only (behaviour.h). */
enum compound_create { COMPOUND_ACCEPT, COMPOUND_REJECT, COMPOUND_IGNORE, COMPOUND_DELAY };
enum custom_attributes { CUSTOM_ACCEPT, CUSTOM_REJECT, CUSTOM_IGNORE, CUSTOM_TRUNCATE };
enum asynchronous { ASYNC_ACCEPT, ASYNC_IGNORE };

#define MOCK_VERSIONS_MAX 8
/* journal_exchanges when none are given: 1000 if somebody has a use for them, which is
 * where faults are declared or a control API listens. */
#define JOURNAL_IF_USED (-1)

struct mock_limits {
    int64_t message_size;  /* bytes of a request; 1 MiB */
    int64_t response_size; /* bytes of a reply; 64 MiB, in which a million identifiers fit */
    int64_t depth;         /* structures of a request inside each other; 32 */
    int64_t batch_items;   /* 1000 */
    int64_t connections;   /* 10000 */
    int64_t buffers;       /* bytes that all of them hold; 256 MiB */
    int64_t objects;       /* in the store; 2 000 000 */
    int64_t attributes;    /* instances of one attribute of an object; 100 */
    int64_t handshake_ns, idle_ns, request_ns; /* 10 s; 0 = never; 30 s from first byte to last */
    int64_t work_ns;       /* after which no item of a batch begins; 2 s */
};

/* When a time limit ends that began at `since`; 0 is no limit. */
static inline int64_t limit_end(int64_t since, int64_t limit_ns)
{
    return limit_ns == 0 ? DEADLINE_NEVER : clock_add(since, limit_ns);
}

struct mock_credential {
    const char *username, *password; /* Username and Password */
    const char *serial, *device, *network, *machine, *media; /* Device */
    const char *identity;            /* who it is; default the username or serial */
};

struct mock_config {
    const char *listen, *certs, *store, *vendor;
    const char *tls;     /* GnuTLS priority string; NULL: as is the rule here (kmip/net/tls.h) */
    const char *control; /* where the control API listens; NULL: nowhere */
    uint8_t versions[MOCK_VERSIONS_MAX]; /* best first */
    size_t n_versions;
    struct clock_spec clock;
    struct clock_choices clocks; /* of single connections */
    struct fault_list faults;    /* in force from the first connection on */
    struct preload_list preload; /* objects that are there from the start */
    int compound_create;   /* enum compound_create */
    int custom_attributes; /* enum custom_attributes */
    int asynchronous;      /* enum asynchronous: Operation Pending when the client asks for it */
    int64_t reorder_window, reorder_wait_ns; /* window 0 or 1: off */
    int64_t journal_exchanges; /* kept at most; 0: none */
    int64_t journal_bytes;     /* ... of all their messages */
    int64_t seed;
    bool seed_given;
    int64_t lease_time_s;  /* Obtain Lease, Lease Time attribute; 3600 */
    struct mock_credential *credentials;
    size_t n_credentials;
    bool keep_metadata;    /* attributes survive Destroy; true */
    bool client_cert_optional; /* without one: Query and Discover Versions only; false: refused */
    struct mock_limits limits;
    struct mock_switches switches; /* what the engine does otherwise than it should */
    struct catalogue catalogues[CATALOGUE_KINDS]; /* of which names are in force, or empty */
    const char **scenarios; /* in force, by name; their documents are in layers */
    struct ydoc *layers;
    size_t n_scenarios;
    struct ydoc doc; /* owns the strings, with layers and catalogues */
};

/* What a configuration is made of; each may be NULL. */
struct config_layers {
    const char *file;
    const struct opt_list *scenarios; /* names or paths (scenario.h) */
    const struct opt_list *sets;      /* "path=value" */
};

/* Defaults, then the layers, each over the one before: maps key by key, but faults and
 * preload add up. Deviations and variations (catalogues.h) lie over all of them. Checked
 * whole: unknown keys, ranges, versions. FILE:LINE:COL in errors. */
__attribute__((warn_unused_result)) bool config_load_layers(struct mock_config *cfg,
                                                            const struct config_layers *layers,
                                                            struct kerr *err);
/* The same without scenarios. */
__attribute__((warn_unused_result)) bool config_load(struct mock_config *cfg, const char *file,
                                                     const struct opt_list *sets, struct kerr *err);
void config_clear(struct mock_config *cfg);

#endif
