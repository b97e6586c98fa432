/* Requests opened and judged (request.h). */
#include "mockserver/request.h"

#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/text.h"
#include "kmip/schema/validate.h"

void request_init(struct request *rq)
{
    *rq = (struct request){.version = KMIP_V12};
    buf_init(&rq->rebuilt, BUF_NO_LIMIT);
}

void request_clear(struct request *rq)
{
    free(rq->slots);
    free(rq->faults);
    free(rq->ids);
    buf_clear(&rq->rebuilt);
    request_init(rq);
}

void result_message(char out[RESULT_MESSAGE_MAX], const char *text)
{
    size_t n = strlen(text);
    if (n >= RESULT_MESSAGE_MAX)
        n = RESULT_MESSAGE_MAX - 1;
    /* A character takes at most four bytes; the cut went through the last one. */
    for (int i = 0; i < 4 && !text_utf8(bytes_of(text, n)); i++)
        n--;
    memcpy(out, text, n);
    out[n] = '\0';
}

static int compare_views(const void *a, const void *b)
{
    const struct bytes *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    return x->n ? memcmp(x->p, y->p, x->n) : 0;
}

bool views_twin(struct bytes *views, size_t n, struct bytes *twin)
{
    qsort(views, n, sizeof *views, compare_views);
    for (size_t i = 1; i < n; i++)
        if (bytes_eq(views[i - 1], views[i])) {
            *twin = views[i];
            return true;
        }
    return false;
}

/* Refusals and faults */

static bool refuse(struct request *rq, uint32_t reason, const char *text)
{
    if (rq->reason)
        return false;
    rq->reason = reason;
    result_message(rq->text, text);
    return false;
}

static bool rule_is_broken(const struct request *rq, enum mock_switch rule)
{
    return switch_on(rq->switches, rule);
}

static bool refuse_error(struct request *rq, const struct kerr *err)
{
    char line[900];
    bool general = err->cls == KERR_CLASS_MEMORY ||
                   rule_is_broken(rq, DEV_MALFORMED_AS_GENERAL_FAILURE);
    uint32_t reason =
        general ? KMIP_RESULT_REASON_GENERAL_FAILURE : KMIP_RESULT_REASON_INVALID_MESSAGE;
    return refuse(rq, reason, kerr_format(err, line, sizeof line));
}

/* Memory for n elements of an array that keeps what it has. */
static bool room_for(void **array, size_t *cap, size_t n, size_t size)
{
    if (n <= *cap)
        return true;
    size_t more = n < *cap * 2 ? *cap * 2 : n;
    void *p = realloc(*array, more * size);
    if (!p)
        return false;
    *array = p;
    *cap = more;
    return true;
}

static bool no_memory(struct request *rq)
{
    return refuse(rq, KMIP_RESULT_REASON_GENERAL_FAILURE, "out of memory");
}

static bool too_many_items(struct request *rq, const struct mock_config *cfg)
{
    char text[120];
    snprintf(text, sizeof text, "the message has more than the %lld Batch Items allowed here",
             (long long)cfg->limits.batch_items);
    return refuse(rq, KMIP_RESULT_REASON_INVALID_MESSAGE, text);
}

static bool add_slot(struct request *rq, const struct mock_config *cfg, uint32_t off)
{
    if (rq->n_slots >= (size_t)cfg->limits.batch_items)
        return too_many_items(rq, cfg);
    void *slots = rq->slots;
    if (!room_for(&slots, &rq->cap_slots, rq->n_slots + 1, sizeof *rq->slots))
        return no_memory(rq);
    rq->slots = slots;
    rq->slots[rq->n_slots++] = (struct request_slot){.off = off};
    return true;
}

/* The first fault of an item stays. */
static void add_fault(struct request *rq, size_t index, uint32_t reason, const char *text)
{
    if (rq->slots[index].fault)
        return;
    void *faults = rq->faults;
    if (!room_for(&faults, &rq->cap_faults, rq->n_faults + 1, sizeof *rq->faults)) {
        no_memory(rq);
        return;
    }
    rq->faults = faults;
    struct request_fault *f = &rq->faults[rq->n_faults++];
    f->reason = reason;
    result_message(f->text, text);
    rq->slots[index].fault = (uint32_t)rq->n_faults;
}

const struct request_fault *request_fault(const struct request *rq, uint32_t index)
{
    if (index >= rq->n_slots || rq->slots[index].fault == 0)
        return NULL;
    return &rq->faults[rq->slots[index].fault - 1];
}

/* Broken encoding: what can be saved */

/* Reads all of an item strictly. */
static bool sound(struct bytes msg, const struct ttlv_item *it, struct kerr *err)
{
    struct ttlv_reader r;
    struct ttlv_item child;
    if (it->type != TTLV_STRUCTURE)
        return true;
    ttlv_r_children(&r, msg, it, err);
    r.namer = &kmip_namer;
    for (;;) {
        if (ttlv_r_next(&r, &child)) {
            if (child.type == TTLV_STRUCTURE && !ttlv_r_enter(&r, &child))
                return false;
            continue;
        }
        if (r.failed || r.depth == 0)
            return !r.failed;
        ttlv_r_leave(&r);
    }
}

/* A Batch Item of which only Operation and Unique Batch Item ID are kept. */
static void write_emptied(struct ttlv_writer *w, struct bytes msg, const struct ttlv_item *item)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    bool operation = false, id = false;
    ttlv_w_open(w, KMIP_TAG_BATCH_ITEM);
    ttlv_r_children(&r, msg, item, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.tag == KMIP_TAG_OPERATION && it.type == TTLV_ENUMERATION && !operation) {
            operation = true;
            ttlv_w_item(w, 0, &it);
        } else if (it.tag == KMIP_TAG_UNIQUE_BATCH_ITEM_ID && it.type == TTLV_BYTE_STRING && !id) {
            id = true;
            ttlv_w_item(w, 0, &it);
        }
    }
    ttlv_w_open(w, KMIP_TAG_REQUEST_PAYLOAD);
    ttlv_w_close(w);
    ttlv_w_close(w);
}

static bool save_item(struct request *rq, const struct mock_config *cfg, struct bytes msg,
                      const struct ttlv_item *it, struct ttlv_writer *w)
{
    struct kerr err = KERR_INIT;
    char line[900];
    bool whole = sound(msg, it, &err);
    bool batch_item = it->tag == KMIP_TAG_BATCH_ITEM && it->type == TTLV_STRUCTURE;
    if (batch_item && !add_slot(rq, cfg, 0)) /* offsets follow once the message is rebuilt */
        return false;
    if (whole) {
        ttlv_w_item(w, 0, it);
        return true;
    }
    if (!batch_item)
        return false;
    add_fault(rq, rq->n_slots - 1, KMIP_RESULT_REASON_INVALID_MESSAGE,
              kerr_format(&err, line, sizeof line));
    write_emptied(w, msg, it);
    return true;
}

/* Rebuilds a message of which only Batch Items are broken inside. */
static bool rebuild(struct request *rq, const struct mock_config *cfg, struct bytes msg)
{
    struct ttlv_reader r;
    struct ttlv_item root, it;
    struct ttlv_writer w;
    buf_reset(&rq->rebuilt);
    ttlv_w_init(&w, &rq->rebuilt, NULL);
    ttlv_r_init(&r, msg, NULL, NULL);
    if (!ttlv_r_next(&r, &root) || root.type != TTLV_STRUCTURE || r.pos != r.end ||
        !ttlv_r_enter(&r, &root))
        return false;
    ttlv_w_open(&w, root.tag);
    while (ttlv_r_next(&r, &it))
        if (!save_item(rq, cfg, msg, &it, &w))
            return false;
    ttlv_w_close(&w);
    return !r.failed && ttlv_w_finish(&w);
}

/* Beyond a limit that is lower than what is read in any case. */
static bool too_deep(const struct mock_config *cfg, struct bytes msg, struct kerr *err)
{
    struct ttlv_limits limits = ttlv_default_limits;
    struct kerr why = KERR_INIT;
    limits.depth = (unsigned)cfg->limits.depth;
    if (limits.depth >= TTLV_MAX_DEPTH || ttlv_check(msg, &limits, NULL, &kmip_namer, NULL, &why) ||
        why.code != KE_TTLV_DEPTH)
        return false;
    *err = why;
    return true;
}

static bool open_message(struct request *rq, const struct mock_config *cfg, struct bytes msg)
{
    struct kerr err = KERR_INIT, again = KERR_INIT;
    if (too_deep(cfg, msg, &err))
        return refuse_error(rq, &err);
    if (kmip_open(&rq->msg, msg, &err))
        return true;
    /* Limits and what is no message at all are not for saving. */
    bool broken = err.cls == KERR_CLASS_TTLV && err.code != KE_TTLV_ROOT &&
                  err.code != KE_TTLV_SIZE && err.code != KE_TTLV_COUNT &&
                  err.code != KE_TTLV_DEPTH;
    if (broken && rebuild(rq, cfg, msg) && kmip_open(&rq->msg, buf_bytes(&rq->rebuilt), &again))
        return true;
    return refuse_error(rq, &err);
}

/* Protocol Version */

/* The best version of ours, for answers to what cannot be read. */
static uint8_t best_version(const struct mock_config *cfg)
{
    return cfg->n_versions ? cfg->versions[0] : KMIP_V12;
}

/* Our highest version of a major, or 0. */
static uint8_t highest_of(const struct mock_config *cfg, int32_t major)
{
    uint8_t best = 0;
    for (size_t i = 0; i < cfg->n_versions; i++)
        if (cfg->versions[i] >> 4 == major && cfg->versions[i] > best)
            best = cfg->versions[i];
    return best;
}

static bool speaks(const struct mock_config *cfg, uint8_t version)
{
    for (size_t i = 0; i < cfg->n_versions; i++)
        if (cfg->versions[i] == version)
            return true;
    return false;
}

/* KMIP 1.2 spec, 6.1: the version of the request, or of a higher minor version our
 * own highest, unknown fields being ignored. */
static bool choose_version(struct request *rq, const struct mock_config *cfg)
{
    const struct kmip_header *h = &rq->msg.header;
    uint8_t highest = highest_of(cfg, h->major);
    char text[120];
    rq->version = best_version(cfg);
    if (!highest && rule_is_broken(rq, DEV_OTHER_MAJOR_VERSION_SERVED))
        return true;
    if (highest && h->minor > (highest & 15) &&
        !rule_is_broken(rq, DEV_HIGHER_MINOR_VERSION_REFUSED)) {
        rq->version = highest;
        rq->lenient = !rule_is_broken(rq, DEV_HIGHER_MINOR_VERSION_UNKNOWN_FIELD_REFUSED);
        return true;
    }
    if (highest && h->version && speaks(cfg, h->version)) {
        rq->version = h->version;
        return true;
    }
    snprintf(text, sizeof text, "Protocol Version %d.%d is not spoken here; the best is %s",
             h->major, h->minor, kmip_version_text(best_version(cfg)));
    return refuse(rq,
                  rule_is_broken(rq, DEV_OTHER_MAJOR_VERSION_AS_GENERAL_FAILURE)
                      ? KMIP_RESULT_REASON_GENERAL_FAILURE
                      : KMIP_RESULT_REASON_INVALID_MESSAGE,
                  text);
}

/* The version in a message that could not be opened, so that the refusal at least
 * speaks it. */
static void guess_version(struct request *rq, const struct mock_config *cfg, struct bytes msg)
{
    struct ttlv_item root, header, version, major, minor;
    rq->version = best_version(cfg);
    if (!ttlv_first(msg, &root) || root.type != TTLV_STRUCTURE ||
        !ttlv_find(&root, KMIP_TAG_REQUEST_HEADER, &header) || header.type != TTLV_STRUCTURE ||
        !ttlv_find(&header, KMIP_TAG_PROTOCOL_VERSION, &version) ||
        version.type != TTLV_STRUCTURE ||
        !ttlv_find(&version, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) ||
        major.type != TTLV_INTEGER ||
        !ttlv_find(&version, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor) ||
        minor.type != TTLV_INTEGER || ttlv_int(&major) != 1 || ttlv_int(&minor) < 0 ||
        ttlv_int(&minor) > 15)
        return;
    uint8_t asked = KMIP_VERSION(ttlv_int(&major), ttlv_int(&minor));
    if (speaks(cfg, asked))
        rq->version = asked;
}

/* Batch Items and their identifiers */

static bool check_count(struct request *rq)
{
    const struct kmip_header *h = &rq->msg.header;
    char text[120];
    if (!h->has_batch_count)
        return refuse(rq, KMIP_RESULT_REASON_INVALID_MESSAGE,
                      "the Request Header has no Batch Count");
    if (h->batch_count >= 1 && (uint32_t)h->batch_count == rq->msg.n_items)
        return true;
    if (rule_is_broken(rq, DEV_BATCH_COUNT_UNCHECKED) && rq->msg.n_items > 0)
        return true;
    snprintf(text, sizeof text, "Batch Count is %d, but there are %u Batch Items", h->batch_count,
             rq->msg.n_items);
    return refuse(rq, KMIP_RESULT_REASON_INVALID_MESSAGE, text);
}

static bool is_critical(const struct kmip_item *it)
{
    struct ttlv_item flag;
    return it->has_extension && ttlv_find(&it->extension, KMIP_TAG_CRITICALITY_INDICATOR, &flag) &&
           flag.type == TTLV_BOOLEAN && ttlv_bool(&flag);
}

/* Notes where each item stands and collects the identifiers. */
static bool list_items(struct request *rq, const struct mock_config *cfg, size_t *n_ids)
{
    struct kmip_message items = rq->msg;
    struct kmip_item it;
    void *ids = rq->ids;
    if (!room_for(&ids, &rq->cap_ids, rq->msg.n_items, sizeof *rq->ids))
        return no_memory(rq);
    rq->ids = ids;
    *n_ids = 0;
    while (kmip_next_item(&items, &it)) {
        if (it.index >= rq->n_slots && !add_slot(rq, cfg, it.off))
            return false;
        rq->slots[it.index].off = it.off;
        rq->critical |= is_critical(&it) ||
                        (it.has_extension && rule_is_broken(rq, DEV_EXTENSION_ALWAYS_CRITICAL));
        if (it.has_id)
            rq->ids[(*n_ids)++] = it.id;
        else if (rq->msg.n_items > 1 && !rq->slots[it.index].fault &&
                 !rule_is_broken(rq, DEV_BATCH_ID_NOT_NEEDED))
            return refuse(rq, KMIP_RESULT_REASON_INVALID_MESSAGE,
                          "a Batch Item has no Unique Batch Item ID, which a batch needs");
    }
    return true;
}

static bool check_items(struct request *rq, const struct mock_config *cfg)
{
    struct bytes twin;
    size_t n_ids;
    if (rq->msg.n_items > (uint64_t)cfg->limits.batch_items)
        return too_many_items(rq, cfg);
    if (!list_items(rq, cfg, &n_ids))
        return false;
    if (views_twin(rq->ids, n_ids, &twin) && !rule_is_broken(rq, DEV_BATCH_ID_TWICE_TAKEN))
        return refuse(rq, KMIP_RESULT_REASON_INVALID_MESSAGE,
                      "two Batch Items have the same Unique Batch Item ID");
    return true;
}

/* What the standard's tables have to say */

static const struct {
    enum rule_id rule;
    uint32_t reason;
    bool version; /* of no account in a message of a higher minor version */
} rule_reasons[] = {
    {RULE_SCHEMA_UNKNOWN, KMIP_RESULT_REASON_INVALID_FIELD, true},
    {RULE_SCHEMA_NEWER, KMIP_RESULT_REASON_INVALID_FIELD, true},
    {RULE_SCHEMA_ORDER, KMIP_RESULT_REASON_INVALID_MESSAGE, false},
    {RULE_SCHEMA_REPEAT, KMIP_RESULT_REASON_INVALID_MESSAGE, false},
    {RULE_SCHEMA_MISSING, KMIP_RESULT_REASON_INVALID_MESSAGE, false},
    {RULE_SCHEMA_TYPE, KMIP_RESULT_REASON_INVALID_MESSAGE, false},
    {RULE_SCHEMA_ENUM, KMIP_RESULT_REASON_INVALID_FIELD, false},
    {RULE_SCHEMA_MASK, KMIP_RESULT_REASON_INVALID_FIELD, false},
    {RULE_SCHEMA_VALUE, KMIP_RESULT_REASON_INVALID_FIELD, false},
    /* Not here: encoding, which was read strictly, and Attribute Index, whose
     * reason depends on the operation. */
};

/* Where the field makes another reason right. 0: no fault. */
static const struct {
    uint32_t tag;
    enum rule_id rule;
    uint32_t reason;
} field_reasons[] = {
    {KMIP_TAG_ATTRIBUTE_VALUE, RULE_SCHEMA_TYPE, KMIP_RESULT_REASON_INVALID_FIELD},
    /* Names of later attributes are unknown names: each operation has its own answer. */
    {KMIP_TAG_ATTRIBUTE_NAME, RULE_SCHEMA_NEWER, 0},
    {KMIP_TAG_KEY_FORMAT_TYPE, RULE_SCHEMA_ENUM, KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED},
    {KMIP_TAG_KEY_FORMAT_TYPE, RULE_SCHEMA_NEWER, KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED},
    {KMIP_TAG_KEY_COMPRESSION_TYPE, RULE_SCHEMA_ENUM,
     KMIP_RESULT_REASON_KEY_COMPRESSION_TYPE_NOT_SUPPORTED},
};

/* Rules of the tables that are let pass (reason 0), or of which the wrong is told. */
static const struct {
    enum mock_switch on;
    enum rule_id rule;
    uint32_t reason;
} deviant_reasons[] = {
    {DEV_UNKNOWN_FIELD_TAKEN, RULE_SCHEMA_UNKNOWN, 0},
    {DEV_UNKNOWN_FIELD_AS_INVALID_MESSAGE, RULE_SCHEMA_UNKNOWN, KMIP_RESULT_REASON_INVALID_MESSAGE},
    {DEV_DUPLICATE_FIELD_TAKEN, RULE_SCHEMA_REPEAT, 0},
    {DEV_DUPLICATE_FIELD_AS_INVALID_FIELD, RULE_SCHEMA_REPEAT, KMIP_RESULT_REASON_INVALID_FIELD},
    {DEV_MISSING_FIELD_AS_GENERAL_FAILURE, RULE_SCHEMA_MISSING, KMIP_RESULT_REASON_GENERAL_FAILURE},
    {DEV_FIELD_ORDER_IGNORED, RULE_SCHEMA_ORDER, 0},
};

static uint32_t reason_of(const struct request *rq, const struct finding *f)
{
    for (size_t i = 0; rq->switches->any && i < sizeof deviant_reasons / sizeof *deviant_reasons;
         i++)
        if (deviant_reasons[i].rule == f->rule && rule_is_broken(rq, deviant_reasons[i].on))
            return deviant_reasons[i].reason;
    if (f->rule == RULE_SCHEMA_MISSING && rule_is_broken(rq, DEV_BATCH_ID_NOT_NEEDED) &&
        strncmp(f->expected, "Unique Batch Item ID", 20) == 0)
        return 0;

    struct bytes msg = rq->msg.msg;
    uint32_t tag = f->off + 4 <= msg.n ? be32_get(msg.p + f->off) >> 8 : 0;
    for (size_t i = 0; i < sizeof field_reasons / sizeof *field_reasons; i++)
        if (field_reasons[i].tag == tag && field_reasons[i].rule == f->rule)
            return field_reasons[i].reason;
    for (size_t i = 0; i < sizeof rule_reasons / sizeof *rule_reasons; i++)
        if (rule_reasons[i].rule == f->rule)
            return rq->lenient && rule_reasons[i].version ? 0 : rule_reasons[i].reason;
    return 0;
}

/* The item that an offset lies in, or -1: outside of all. */
static long item_at(const struct request *rq, uint32_t off)
{
    size_t lo = 0, hi = rq->n_slots;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (rq->slots[mid].off <= off)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0)
        return -1;
    uint32_t start = rq->slots[lo - 1].off;
    uint32_t len = be32_get(rq->msg.msg.p + start + 4);
    return off - start < TTLV_HEADER + ttlv_padded(len) ? (long)(lo - 1) : -1;
}

static void take_finding(void *arg, const struct finding *f)
{
    struct request *rq = arg;
    char text[600];
    uint32_t reason = reason_of(rq, f);
    long index = item_at(rq, f->off);
    if (!reason || rq->reason || (index >= 0 && rq->slots[index].fault))
        return;
    snprintf(text, sizeof text, "%s, expected %s (%s)", f->actual, f->expected, f->path);
    if (index >= 0)
        add_fault(rq, (size_t)index, reason, text);
    else
        refuse(rq, reason, text);
}

static void judge(struct request *rq)
{
    const struct finding_sink sink = {.take = take_finding, .arg = rq};
    struct kerr err = KERR_INIT;
    if (!kmip_validate(rq->msg.msg, rq->version, NULL, &sink, &err))
        refuse_error(rq, &err);
}

void request_read(struct request *rq, const struct mock_config *cfg, struct bytes bytes)
{
    rq->n_slots = rq->n_faults = 0;
    rq->reason = 0;
    rq->text[0] = '\0';
    rq->lenient = rq->critical = false;
    rq->switches = &cfg->switches;
    if (!open_message(rq, cfg, bytes)) {
        guess_version(rq, cfg, bytes);
        return;
    }
    if (rq->msg.header.response) {
        rq->version = best_version(cfg);
        refuse(rq, KMIP_RESULT_REASON_INVALID_MESSAGE,
               "this is a Response Message; a server takes requests");
        return;
    }
    if (choose_version(rq, cfg) && check_count(rq) && check_items(rq, cfg))
        judge(rq);
}
