/* Actions on how replies leave (fault_action.h): they fill the plan by which the
 * pipeline lets a reply go, or opens a group of replies. */
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "mockserver/fault_action.h"
#include "mockserver/fields.h"
#include "mockserver/place.h"
#include "mockserver/rng.h"

#define HOUR_NS (3600 * NS_PER_S)

/* Opens a group; whether it has an effect shows when it ends. */
static bool open_group(struct fault_shot *s, enum group_kind kind, size_t want, int64_t max_wait_ns,
                       reply_mix *mix)
{
    struct group_plan *g = &fault_plan(s->exchange)->group[kind];
    if (g->want > 0)
        return fault_event(s, false, "another fault does so already");
    *g = (struct group_plan){.want = want,
                             .max_wait_ns = max_wait_ns,
                             .mix = mix,
                             .params = s->params,
                             .rng = rng_next(s->rng),
                             .owner = s->use};
    s->later = true;
    return true;
}

/* --- reorder ----------------------------------------------------------- */

enum reply_order { ORDER_SHUFFLE, ORDER_REVERSE, ORDER_LIST };

struct reorder_params {
    int64_t window, max_wait_ns;
    const struct ynode *order_node;
    enum reply_order order;
    int64_t *places; /* `window` of them, from 1 */
};

static const struct yfield reorder_fields[] = {
    INT(reorder_params, "window", window, 2, PIPELINE_GROUP_MAX, "replies that change places; 4"),
    TIME(reorder_params, "max_wait", max_wait_ns, 0, HOUR_NS,
         "longest time that a reply is held; 50ms"),
    NODE(reorder_params, "order", order_node,
         "shuffle (drawn, never the original; the default), reverse, or a list: [2, 1, 3]"),
    END};

static const struct reorder_params reorder_defaults = {.window = 4, .max_wait_ns = 50 * NS_PER_MS};

static bool read_place(const struct fault_reading *r, struct reorder_params *p, size_t i, size_t n)
{
    const struct ynode *node = p->order_node->vals[i];
    if (!ynode_int(node, 1, (int64_t)n, &p->places[i], r->err))
        return false;
    for (size_t k = 0; k < i; k++)
        if (p->places[k] == p->places[i])
            return ynode_err(node, KE_CONFIG, r->err, "reply %lld leaves twice",
                             (long long)p->places[i]);
    return true;
}

/* The list says how many replies there are; a window beside it must agree. */
static bool read_places(const struct fault_reading *r, struct reorder_params *p)
{
    size_t n = p->order_node->n;
    if (n < 2 || n > PIPELINE_GROUP_MAX)
        return ynode_err(p->order_node, KE_CONFIG, r->err, "order lists at least two replies");
    if (ynode_get(r->n, "window") && p->window != (int64_t)n)
        return ynode_err(p->order_node, KE_CONFIG, r->err,
                         "order lists %zu replies, but window is %lld", n, (long long)p->window);
    p->order = ORDER_LIST;
    p->window = (int64_t)n;
    p->places = arena_array(r->arena, n, sizeof *p->places);
    if (!p->places)
        return kerr_set(r->err, KE_MEMORY, "no memory for an order");
    for (size_t i = 0; i < n; i++)
        if (!read_place(r, p, i, n))
            return false;
    return true;
}

static bool check_reorder(const struct fault_reading *r, void *params)
{
    struct reorder_params *p = params;
    if (!p->order_node)
        return true;
    if (p->order_node->kind == YNODE_SEQ)
        return read_places(r, p);
    const char *text;
    if (!ynode_str(p->order_node, &text, r->err))
        return false;
    if (strcmp(text, "reverse") == 0)
        p->order = ORDER_REVERSE;
    else if (strcmp(text, "shuffle") != 0)
        return ynode_err(p->order_node, KE_CONFIG, r->err,
                         "order is shuffle, reverse or a list such as [2, 1, 3], not '%s'", text);
    return true;
}

static bool mix_reverse(struct reply **v, size_t *n, const void *params, uint64_t *rng)
{
    (void)params;
    (void)rng;
    for (size_t i = 0; i < *n / 2; i++) {
        struct reply *r = v[i];
        v[i] = v[*n - 1 - i];
        v[*n - 1 - i] = r;
    }
    return *n > 1;
}

/* Of a group that ended early, those that are there leave in the listed order. */
static bool mix_list(struct reply **v, size_t *n, const void *params, uint64_t *rng)
{
    const struct reorder_params *p = params;
    struct reply *was[PIPELINE_GROUP_MAX];
    size_t k = 0;
    bool moved = false;
    (void)rng;
    memcpy(was, v, *n * sizeof *v);
    for (int64_t i = 0; i < p->window; i++) {
        size_t at = (size_t)p->places[i] - 1;
        if (at >= *n)
            continue;
        moved = moved || at != k;
        v[k++] = was[at];
    }
    return moved;
}

static bool apply_reorder(struct fault_shot *s)
{
    static reply_mix *const mixes[] = {pipeline_shuffle, mix_reverse, mix_list};
    const struct reorder_params *p = s->params;
    return open_group(s, GROUP_REORDER, (size_t)p->window, p->max_wait_ns, mixes[p->order]);
}

/* --- coalesce ---------------------------------------------------------- */

struct coalesce_params {
    int64_t count, max_wait_ns;
};

static const struct yfield coalesce_fields[] = {
    INT(coalesce_params, "count", count, 2, PIPELINE_GROUP_MAX, "replies that share a record; 2"),
    TIME(coalesce_params, "max_wait", max_wait_ns, 0, HOUR_NS,
         "longest time that a reply is held; 50ms"), END};

static const struct coalesce_params coalesce_defaults = {.count = 2, .max_wait_ns = 50 * NS_PER_MS};

static bool mix_coalesce(struct reply **v, size_t *n, const void *params, uint64_t *rng)
{
    (void)params;
    (void)rng;
    size_t had = *n, total = 0;
    for (size_t i = 1; i < had; i++)
        total += v[i]->bytes.n;
    if (had < 2 || !buf_room(&v[0]->bytes, total))
        return false;
    uint8_t *at = v[0]->bytes.p + v[0]->bytes.n - total;
    struct reply **last = &v[0]->joined;
    for (size_t i = 1; i < had; i++) {
        memcpy(at, v[i]->bytes.p, v[i]->bytes.n);
        at += v[i]->bytes.n;
        buf_clear(&v[i]->bytes);
        *last = v[i];
        last = &v[i]->next;
    }
    *n = 1;
    return true;
}

static bool apply_coalesce(struct fault_shot *s)
{
    const struct coalesce_params *p = s->params;
    return open_group(s, GROUP_COALESCE, (size_t)p->count, p->max_wait_ns, mix_coalesce);
}

/* --- swap_replies ------------------------------------------------------ */

struct swap_params {
    int64_t max_wait_ns;
};

static const struct yfield swap_fields[] = {
    TIME(swap_params, "max_wait", max_wait_ns, 0, HOUR_NS,
         "longest time that a reply waits for another; 50ms"),
    END};

static const struct swap_params swap_defaults = {.max_wait_ns = 50 * NS_PER_MS};

static bool first_id(const struct reply *r, struct place *at)
{
    struct tag_path p = tag_path_of("Batch Item/Unique Batch Item ID");
    return place_find(buf_bytes(&r->bytes), &p, p.n, at);
}

static bool mix_swap(struct reply **v, size_t *n, const void *params, uint64_t *rng)
{
    struct place a, b;
    (void)params;
    (void)rng;
    if (*n != 2 || !first_id(v[0], &a) || !first_id(v[1], &b))
        return false;
    struct buf ids; /* a's item, then b's */
    buf_init(&ids, BUF_NO_LIMIT);
    bool ok = buf_put(&ids, v[0]->bytes.p + a.off, a.size) &&
              buf_put(&ids, v[1]->bytes.p + b.off, b.size) &&
              place_splice(&v[0]->bytes, a.up, a.n_up, a.off, a.size,
                           bytes_of(ids.p + a.size, b.size)) &&
              place_splice(&v[1]->bytes, b.up, b.n_up, b.off, b.size, bytes_of(ids.p, a.size));
    buf_clear(&ids);
    return ok;
}

static bool apply_swap(struct fault_shot *s)
{
    const struct swap_params *p = s->params;
    return open_group(s, GROUP_SWAP, 2, p->max_wait_ns, mix_swap);
}

/* --- delay ------------------------------------------------------------- */

struct delay_params {
    int64_t fixed_ns;
    const struct ynode *uniform, *lognormal;
    int64_t from_ns, to_ns; /* uniform */
    int64_t median_ns;
    double sigma;
};

static const struct yfield delay_fields[] = {
    TIME(delay_params, "fixed", fixed_ns, 0, HOUR_NS,
         "the reply leaves so long after it was ready"),
    NODE(delay_params, "uniform", uniform, "[from, to]: drawn evenly between"),
    NODE(delay_params, "lognormal", lognormal,
         "{median, sigma}: mostly near the median, sometimes much longer"),
    END};

static bool read_lognormal(const struct fault_reading *r, struct delay_params *p)
{
    struct lognormal {
        int64_t median_ns;
        const struct ynode *sigma;
    } l = {0};
    static const struct yfield fields[] = {
        TIME(lognormal, "median", median_ns, 1, HOUR_NS, "median", NEEDED),
        NODE(lognormal, "sigma", sigma, "spread", NEEDED),
        END};
    if (!yfields_read(p->lognormal, fields, &l, r->err) ||
        !read_real(l.sigma, "sigma", 0, 3, &p->sigma, r->err))
        return false;
    p->median_ns = l.median_ns;
    return true;
}

static bool check_delay(const struct fault_reading *r, void *params)
{
    struct delay_params *p = params;
    if (r->n->n != 1)
        return ynode_err(r->n, KE_CONFIG, r->err,
                         "delay takes one of fixed, uniform and lognormal");
    if (p->lognormal)
        return read_lognormal(r, p);
    const struct ynode *u = p->uniform;
    if (!u)
        return true;
    if (u->kind != YNODE_SEQ || u->n != 2)
        return ynode_err(u, KE_CONFIG, r->err, "uniform is a pair of times, such as [10ms, 80ms]");
    return read_time(u->vals[0], "uniform", 0, HOUR_NS, &p->from_ns, r->err) &&
           read_time(u->vals[1], "uniform", p->from_ns, HOUR_NS, &p->to_ns, r->err);
}

/* e to the x for |x| < 20, alike on every machine: the series near zero, squared up. */
static double exponential(double x)
{
    enum { TERMS = 10, HALVINGS = 8 };
    double term = 1, sum = 1, small = x / (1 << HALVINGS);
    for (int i = 1; i <= TERMS; i++)
        sum += term *= small / i;
    for (int i = 0; i < HALVINGS; i++)
        sum *= sum;
    return sum;
}

/* Nearly normal, mean 0 and deviation 1: the sum of twelve even draws. */
static double normal(uint64_t *rng)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += (double)(rng_next(rng) >> 11) * 0x1p-53;
    return sum;
}

static int64_t draw_delay(const struct delay_params *p, uint64_t *rng)
{
    if (p->uniform)
        return p->from_ns + (int64_t)rng_below(rng, (uint64_t)(p->to_ns - p->from_ns) + 1);
    if (!p->lognormal)
        return p->fixed_ns;
    double ns = (double)p->median_ns * exponential(p->sigma * normal(rng));
    return ns < (double)HOUR_NS ? (int64_t)ns : HOUR_NS;
}

static bool apply_delay(struct fault_shot *s)
{
    int64_t ns = draw_delay(s->params, s->rng);
    struct reply_plan *plan = fault_plan(s->exchange);
    if (ns > HOUR_NS * 24 - plan->delay_ns)
        ns = 0;
    plan->delay_ns += ns;
    plan->delayer = s->use;
    return fault_event(s, true, "delayed by %.3f ms", (double)ns / 1e6);
}

/* --- split ------------------------------------------------------------- */

struct split_params {
    const struct ynode *sizes_node;
    int64_t sizes[PIPELINE_SPLIT_MAX];
    size_t n;
    int64_t pause_ns;
};

static const struct yfield split_fields[] = {
    NODE(split_params, "sizes", sizes_node,
         "bytes of each record, the last takes the rest: [8, 100]; or one size for all", NEEDED),
    TIME(split_params, "pause", pause_ns, 0, HOUR_NS, "between the records; 0"), END};

static bool check_split(const struct fault_reading *r, void *params)
{
    struct split_params *p = params;
    const struct ynode *n = p->sizes_node;
    bool list = n->kind == YNODE_SEQ;
    p->n = list ? n->n : 1;
    if (p->n == 0 || p->n > PIPELINE_SPLIT_MAX)
        return ynode_err(n, KE_CONFIG, r->err, "sizes are from 1 to %d numbers, such as [8, 100]",
                         PIPELINE_SPLIT_MAX);
    for (size_t i = 0; i < p->n; i++)
        if (!ynode_int(list ? n->vals[i] : n, 1, INT32_MAX, &p->sizes[i], r->err))
            return false;
    return true;
}

static bool apply_split(struct fault_shot *s)
{
    const struct split_params *p = s->params;
    struct reply_plan *plan = fault_plan(s->exchange);
    if ((size_t)p->sizes[0] >= s->reply->n)
        return fault_event(s, false, "the reply has only %zu bytes", s->reply->n);
    for (size_t i = 0; i < p->n; i++)
        plan->split[i] = (size_t)p->sizes[i];
    plan->n_split = p->n;
    plan->split_all = p->sizes_node->kind != YNODE_SEQ;
    plan->split_pause_ns = p->pause_ns;
    plan->splitter = s->use;
    return fault_event(s, true, "sent in several records");
}

/* --- duplicate, drop --------------------------------------------------- */

struct duplicate_params {
    int64_t copies;
};

static const struct yfield duplicate_fields[] = {
    INT(duplicate_params, "copies", copies, 1, 100, "how many times more it is sent; 1"), END};

static const struct duplicate_params duplicate_defaults = {.copies = 1};

static bool apply_duplicate(struct fault_shot *s)
{
    const struct duplicate_params *p = s->params;
    fault_plan(s->exchange)->copies = (unsigned)p->copies;
    return fault_event(s, true, "sent %lld times more", (long long)p->copies);
}

static bool apply_drop(struct fault_shot *s)
{
    fault_plan(s->exchange)->drop = true;
    return fault_event(s, true, "never sent");
}

const struct fault_action fault_pipe_actions[] = {
    {.name = "reorder",
     .stage = FAULT_PIPE,
     .help = "replies leave in another order than the requests came",
     .size = sizeof(struct reorder_params),
     .fields = reorder_fields,
     .defaults = &reorder_defaults,
     .main = "window",
     .bare = true,
     .check = check_reorder,
     .apply = apply_reorder},
    {.name = "delay",
     .stage = FAULT_PIPE,
     .help = "the reply leaves late, and those behind it with it",
     .size = sizeof(struct delay_params),
     .fields = delay_fields,
     .main = "fixed",
     .check = check_delay,
     .apply = apply_delay},
    {.name = "coalesce",
     .stage = FAULT_PIPE,
     .help = "several replies leave in one TLS record",
     .size = sizeof(struct coalesce_params),
     .fields = coalesce_fields,
     .defaults = &coalesce_defaults,
     .main = "count",
     .bare = true,
     .apply = apply_coalesce},
    {.name = "split",
     .stage = FAULT_PIPE,
     .help = "one reply leaves in several TLS records",
     .size = sizeof(struct split_params),
     .fields = split_fields,
     .main = "sizes",
     .check = check_split,
     .apply = apply_split},
    {.name = "duplicate",
     .stage = FAULT_PIPE,
     .help = "the reply is sent again",
     .size = sizeof(struct duplicate_params),
     .fields = duplicate_fields,
     .defaults = &duplicate_defaults,
     .main = "copies",
     .bare = true,
     .apply = apply_duplicate},
    {.name = "drop",
     .stage = FAULT_PIPE,
     .help = "the reply is never sent",
     .bare = true,
     .apply = apply_drop},
    {.name = "swap_replies",
     .stage = FAULT_PIPE,
     .help = "two replies each carry the other's Unique Batch Item ID",
     .size = sizeof(struct swap_params),
     .fields = swap_fields,
     .defaults = &swap_defaults,
     .main = "max_wait",
     .bare = true,
     .apply = apply_swap},
    {.name = NULL},
};
