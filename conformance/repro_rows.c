/* The repros (repro.h): one for each scenario in fixtures/scenarios, by name. */
#include "conformance/repro.h"

#define POSITION .match = KC_MATCH_POSITION
#define PIPE_BY_POSITION(n) .kind = REPRO_PIPELINE, POSITION, .depth = n
#define PIPE_BY_ID(n) .kind = REPRO_PIPELINE, .match = KC_MATCH_ID, .depth = n
#define KEY(way_) .kind = REPRO_KEY, .way = KEY_##way_
#define FLOW .kind = REPRO_FLOW, POSITION
#define DRIVER_FLOW FLOW, .handshake = true
#define BUCKET .attribute = "x-zenko-bucket"
#define LONG_BUCKET "a-bucket-with-a-name-as-long-as-there-can-be-with-63-characters"

/* Connecting again does not help; the server put right does. */
#define FAILS_UNTIL_REPAIRED(words, cure)                                                      \
    {{.title = "the driver's handshake and flow", .breaks = words, DRIVER_FLOW},                 \
     {.title = "connected again, three times", .breaks = words, DRIVER_FLOW, .again = 3},        \
     {.title = cure, .who = REPAIRED, DRIVER_FLOW}}

const struct repro repros[] = {
    {.name = "activation-delayed",
     .setting = "compoundCreate: true, where the server takes 1970-01-01 as released drivers send "
                "it",
     .attempts = {{.title = "two-step create, Activate a minute late", .breaks = "still to come",
                   KEY(TWO_STEP), .set = "faults.0.action.activate.by=60s"},
                  {.title = "compound create, 1970-01-01", .who = REMEDIED, KEY(COMPOUND_EPOCH)},
                  {.title = "two-step create, State asked for until Active", .who = REMEDIED,
                   KEY(TWO_STEP), .patient = true}}},

    {.name = "clock-ahead",
     .setting = "any: what the driver does works; only dates and plans are wrong",
     .clock = true,
     .attempts = {{.title = "two-step create, judged by its dates", .who = OTHERWISE,
                   .breaks = "into our future",
                   KEY(TWO_STEP), .by_dates = true},
                  {.title = "two-step create, judged by its State", .who = REMEDIED, KEY(TWO_STEP)},
                  {.title = "compound create, planned for a minute from now", .who = OTHERWISE,
                   .breaks = "usable at once",
                   KEY(COMPOUND_AT), .planned_s = 60},
                  {.title = "the same, corrected by the offset", .who = REMEDIED, KEY(COMPOUND_AT),
                   .planned_s = 60, .clock = BY_TIME_STAMP},
                  {.title = "compound create, Activation Date now", KEY(COMPOUND_NOW)}}},

    {.name = "clock-behind",
     .setting = "compoundCreate: false",
     .clock = true,
     .attempts = {{.title = "compound create, Activation Date now", .breaks = "still to come",
                   KEY(COMPOUND_NOW)},
                  {.title = "two-step create", .who = REMEDIED, KEY(TWO_STEP)},
                  {.title = "compound create, 1970-01-01", .who = REMEDIED, KEY(COMPOUND_EPOCH)},
                  {.title = "compound create, now by the server's clock", .who = REMEDIED,
                   KEY(COMPOUND_AT), .clock = BY_TIME_STAMP}}},

    {.name = "clock-frozen",
     .setting = "compoundCreate: false",
     .clock = true,
     .attempts = {{.title = "compound create, Activation Date now", .breaks = "and never while",
                   KEY(COMPOUND_NOW), .wait_s = 2},
                  {.title = "two-step create", .who = REMEDIED, KEY(TWO_STEP)},
                  {.title = "compound create, 1970-01-01", .who = REMEDIED, KEY(COMPOUND_EPOCH)}}},

    {.name = "clock-jumps",
     .setting = "compoundCreate: false",
     .clock = true,
     .attempts = {{.title = "compound create, now, before the jump", KEY(COMPOUND_NOW)},
                  {.title = "compound create, now, behind three requests",
                   .breaks = "still to come", KEY(COMPOUND_NOW), .lead = 3},
                  {.title = "two-step create, behind three requests", .who = REMEDIED,
                   KEY(TWO_STEP), .lead = 3},
                  {.title = "compound create, 1970-01-01, behind three", .who = REMEDIED,
                   KEY(COMPOUND_EPOCH), .lead = 3}}},

    {.name = "coalesced-replies",
     .setting = "pipelineDepth: 1",
     .attempts = {{.title = "a record a reply, pipelineDepth 8", .breaks = "shares a TLS record",
                   PIPE_BY_POSITION(8)},
                  {.title = "by length and id, depth 8", .who = REMEDIED, PIPE_BY_ID(8)},
                  {.title = "a record a reply, pipelineDepth 1", .who = REMEDIED,
                   PIPE_BY_POSITION(1)}}},

    {.name = "compound-create-ignored",
     .setting = "compoundCreate: false",
     .attempts = {{.title = "compound create, 1970-01-01", .breaks = "waits for an Activate",
                   KEY(COMPOUND_EPOCH)},
                  {.title = "two-step create", .who = REMEDIED, KEY(TWO_STEP)},
                  {.title = "a compound create's key, activated later", .who = REMEDIED,
                   KEY(COMPOUND_EPOCH), .late_activate = true}}},

    {.name = "compound-create-rejected",
     .setting = "compoundCreate: false",
     .attempts = {{.title = "compound create, 1970-01-01", .breaks = "the server refused Create",
                   KEY(COMPOUND_EPOCH)},
                  {.title = "two-step create", .who = REMEDIED, KEY(TWO_STEP)},
                  {.title = "compound create, Activation Date now",
                   .breaks = "the server refused Create", KEY(COMPOUND_NOW)}}},

    {.name = "connection-limit",
     .setting = "a greater pipelineDepth on fewer connections: each process has one, so fewer "
                "processes",
     .attempts = {{.title = "three processes, a connection each", .breaks = "connection 3 of 3",
                   .kind = REPRO_CONNECTIONS, POSITION, .connections = 3},
                  {.title = "two processes", .who = REMEDIED, .kind = REPRO_CONNECTIONS, POSITION,
                   .connections = 2},
                  {.title = "one connection, pipelineDepth 8", .who = REMEDIED,
                   PIPE_BY_POSITION(8)}}},

    {.name = "custom-attributes-cut",
     .setting = "bucketAttributeName: \"\", or names of buckets that fit",
     .attempts = {{.title = "bucketAttributeName: x-zenko-bucket, a long name",
                   .breaks = "comes back cut", KEY(TWO_STEP), BUCKET, .bucket = LONG_BUCKET,
                   .read_back = true},
                  {.title = "no bucketAttributeName", .who = REMEDIED, KEY(TWO_STEP)},
                  {.title = "a bucket's name that fits", .who = REMEDIED, KEY(TWO_STEP), BUCKET,
                   .bucket = "photos", .read_back = true}}},

    {.name = "dies-mid-reply",
     .setting = "none: the driver connects again with the next request, and does not repeat the "
                "one that broke",
     .attempts = {{.title = "the driver's handshake and flow", .breaks = "in the middle of a reply",
                   DRIVER_FLOW, BUCKET},
                  {.title = "connects again, and creates again", .who = REMEDIED, FLOW, BUCKET,
                   .again = 5},
                  {.title = "connects again, and looks by Locate first", .who = REMEDIED, FLOW,
                   BUCKET, .again = 5, .look_first = true}}},

    {.name = "duplicated-replies",
     .setting = "none: the copy stands before the next reply at any pipelineDepth",
     .attempts = {{.title = "by position, pipelineDepth 8", .breaks = "invalid batch item ID",
                   PIPE_BY_POSITION(8)},
                  {.title = "by position, pipelineDepth 1", .breaks = "invalid batch item ID",
                   PIPE_BY_POSITION(1)},
                  {.title = "connects again, and sends that request again", .who = REMEDIED, FLOW,
                   .again = 2}}},

    {.name = "expired-server-certificate",
     .setting = "none: the driver has no setting for certificates that do not hold, and none is "
                "wanted; the certificate has to be renewed",
     .attempts = FAILS_UNTIL_REPAIRED("expired", "the certificate renewed")},

    {.name = "flaky-network",
     .setting = "a small pipelineDepth loses less at a time; nothing keeps connections from "
                "breaking",
     .attempts = {{.title = "up to 120 rounds, nothing tried again", .breaks = "connection", FLOW,
                   BUCKET, .rounds = 120},
                  {.title = "connects again, and repeats what may be", .who = REMEDIED, FLOW,
                   BUCKET, .rounds = 15, .again = 6, .look_first = true}}},

    {.name = "fragmented-replies",
     .setting = "none: the server has to send each reply in one TLS record",
     .attempts = {{.title = "a record a reply, pipelineDepth 8", .breaks = "BUG: Wrong buffer size",
                   PIPE_BY_POSITION(8)},
                  {.title = "by length and id, depth 8", .who = REMEDIED, PIPE_BY_ID(8)},
                  {.title = "a record a reply, pipelineDepth 1", .breaks = "BUG: Wrong buffer size",
                   PIPE_BY_POSITION(1)}}},

    {.name = "idle-close-30s",
     .setting = "none: the driver sends nothing between requests; the one that meets the closed "
                "connection fails, the next connects again",
     .attempts = {{.title = "31 s between two requests", .breaks = "closed", DRIVER_FLOW,
                   .pause = "31s"},
                  {.title = "connects again, and repeats it once", .who = REMEDIED, FLOW,
                   .pause = "31s", .again = 1},
                  {.title = "a sign of life every 20 s", .who = REMEDIED, FLOW, .pause = "20s",
                   .pauses = 3}}},

    {.name = "lost-reply",
     .setting = "none: the driver has no time-out, so a proxy with an idle limit, or a restart",
     .attempts = {{.title = "the driver's handshake and flow", .breaks = "in vain", DRIVER_FLOW,
                   .timeout_ms = 1500},
                  {.title = "by position, pipelineDepth 8", .breaks = "invalid batch item ID",
                   PIPE_BY_POSITION(8)},
                  {.title = "a time-out, and a new connection behind it", .who = REMEDIED, FLOW,
                   .timeout_ms = 1500, .again = 5}}},

    {.name = "lying-query",
     .setting = "any: the driver only logs what Query does not list",
     .attempts = {{.title = "the driver's handshake and flow", DRIVER_FLOW},
                  {.title = "a client that does what Query lists", .who = OTHERWISE,
                   .breaks = "Query does not list Encrypt, Decrypt", FLOW, .trusts_query = true},
                  {.title = "Locate, which Query lists", .who = OTHERWISE,
                   .breaks = "refused Locate", FLOW, BUCKET, .locates = true},
                  {.title = "trying in place of asking", .who = REMEDIED, FLOW}}},

    {.name = "no-batch-id",
     .setting = "none: the driver compares the identifier at any pipelineDepth",
     .attempts = FAILS_UNTIL_REPAIRED("invalid batch item ID", "the server returns identifiers")},

    {.name = "no-custom-attributes",
     .setting = "bucketAttributeName: \"\"",
     .attempts = {{.title = "bucketAttributeName: x-zenko-bucket",
                   .breaks = "the server refused Create", KEY(TWO_STEP), BUCKET},
                  {.title = "no bucketAttributeName", .who = REMEDIED, KEY(TWO_STEP)}}},

    {.name = "not-kmip",
     .setting = "port and hosts: nothing else can help, this is no KMIP server",
     .attempts = FAILS_UNTIL_REPAIRED("not a KMIP message", "a KMIP server on the port")},

    {.name = "not-yet-valid-server-certificate",
     .setting = "none: the clocks have to agree, or the certificate to begin earlier",
     .attempts = FAILS_UNTIL_REPAIRED("not yet", "the certificate valid")},

    {.name = "older-versions-only",
     .setting = "none: the driver needs Encrypt and Decrypt, which came with KMIP 1.2",
     .attempts = {{.title = "the driver's handshake and flow", .breaks = "refused", DRIVER_FLOW},
                  {.title = "at version 1.1, as it is offered", .who = OTHERWISE,
                   .breaks = "refused Encrypt", FLOW,
                   .version = KMIP_VERSION(1, 1)},
                  {.title = "a release with KMIP 1.2", .who = REPAIRED,
                   DRIVER_FLOW}}},

    {.name = "out-of-order",
     .setting = "pipelineDepth: 1",
     .attempts = {{.title = "by position, pipelineDepth 8",
                   .breaks = "the id of outstanding request", PIPE_BY_POSITION(8)},
                  {.title = "by id, depth 8", .who = REMEDIED, PIPE_BY_ID(8)},
                  {.title = "by position, pipelineDepth 1", .who = REMEDIED, PIPE_BY_POSITION(1)}}},

    {.name = "out-of-order-once",
     .setting = "pipelineDepth: 1",
     .attempts = {{.title = "by position, pipelineDepth 8",
                   .breaks = "the id of outstanding request", PIPE_BY_POSITION(8)},
                  {.title = "by id, depth 8", .who = REMEDIED, PIPE_BY_ID(8)},
                  {.title = "by position, pipelineDepth 1", .who = REMEDIED, PIPE_BY_POSITION(1)},
                  {.title = "by position, depth 8, all sent once more", PIPE_BY_POSITION(8),
                   .again = 1}}},

    {.name = "read-only-replica",
     .setting = "hosts: the server that takes writes; driver and protocol have no fail-over",
     .attempts = {{.title = "a new bucket", .breaks = "Permission Denied", DRIVER_FLOW},
                  {.title = "a bucket that has its key", .who = REMEDIED, DRIVER_FLOW,
                   .uid = "replicated-key"},
                  {.title = "a new bucket, on the master", .who = REPAIRED,
                   DRIVER_FLOW}}},

    {.name = "session-revoked",
     .setting = "none: the driver keeps its connection after a refusal; a restart, or a proxy that "
                "ends connections before the token does",
     .attempts = {{.title = "25 h between two requests, then three tries",
                   .breaks = "General Failure", DRIVER_FLOW, .pause = "25h", .again = 2,
                   .stay = true},
                  {.title = "connects again, and repeats it", .who = REMEDIED, FLOW, .pause = "25h",
                   .again = 1},
                  {.title = "a sign of life every 12 h", .who = REMEDIED, FLOW, .pause = "12h",
                   .pauses = 3}}},

    {.name = "silent-hang",
     .setting = "none: the driver has no time-out, so a proxy with an idle limit, or a restart",
     .attempts = {{.title = "the driver's handshake and flow", .breaks = "in vain", DRIVER_FLOW,
                   .timeout_ms = 1500},
                  {.title = "a time-out, and a new connection behind it", .who = REMEDIED, FLOW,
                   .timeout_ms = 1500, .again = 5}}},

    {.name = "slow-appliance",
     .setting = "a greater pipelineDepth; the driver has no time-out that could be too short",
     .attempts = {{.title = "by position, pipelineDepth 1", PIPE_BY_POSITION(1)},
                  {.title = "a time-out of 50 ms", .who = OTHERWISE, .breaks = "in vain", FLOW,
                   .timeout_ms = 50},
                  {.title = "by position, pipelineDepth 8", .who = REMEDIED, PIPE_BY_POSITION(8)}}},

    {.name = "swapped-batch-ids",
     .setting = "pipelineDepth: 1",
     .attempts = {{.title = "by position, pipelineDepth 8", .breaks = "invalid batch item ID",
                   PIPE_BY_POSITION(8)},
                  {.title = "by id, depth 8", .who = OTHERWISE,
                   .breaks = "another request's content", PIPE_BY_ID(8)},
                  {.title = "by position, pipelineDepth 1", .who = REMEDIED, PIPE_BY_POSITION(1)}}},

    {.name = "two-clocks",
     .setting = "compoundCreate: false",
     .clock = true,
     .attempts = {{.title = "compound create, Activation Date now", .breaks = "still to come",
                   KEY(COMPOUND_NOW)},
                  {.title = "compound create, now by the Time Stamp", .who = OTHERWISE,
                   .breaks = "still to come",
                   KEY(COMPOUND_AT), .clock = BY_TIME_STAMP},
                  {.title = "two-step create", .who = REMEDIED, KEY(TWO_STEP)},
                  {.title = "compound create, now by a fresh key's dates", .who = REMEDIED,
                   KEY(COMPOUND_AT), .clock = BY_INITIAL_DATE}}},

    {.name = "unknown-ca-server-certificate",
     .setting = "none but the certificates': kmip-ca.pem has to be that of the server's authority",
     .attempts = FAILS_UNTIL_REPAIRED("issuer", "a certificate of the authority we know")},

    {.name = "wrong-batch-id",
     .setting = "none: the driver compares the identifier at any pipelineDepth",
     .attempts = {{.title = "the driver's handshake and flow", .breaks = "invalid batch item ID",
                   DRIVER_FLOW},
                  {.title = "by id, depth 8", .who = OTHERWISE,
                   .breaks = "the id of no outstanding request", PIPE_BY_ID(8)},
                  {.title = "connects again, a connection for two requests", .who = REMEDIED, FLOW,
                   .again = 2},
                  {.title = "the server returns identifiers", .who = REPAIRED,
                   DRIVER_FLOW}}},

    {.name = "wrong-name-server-certificate",
     .setting = "hosts: the name that the certificate has; else a certificate with the name in "
                "hosts",
     .attempts = FAILS_UNTIL_REPAIRED("name", "a certificate with the host's name")},
};
const size_t n_repros = sizeof repros / sizeof *repros;
