/* Changes messages as what they are: a tree of items (fuzz.h).
 *
 * The input is read into nodes, a node or two are changed, and the tree is written back with
 * lengths that fit, but for nodes that lie about theirs. What is not read as items stands
 * behind them as it is. Without any item the bytes are libFuzzer's to change. */
#include "ci/fuzz/fuzz.h"
#include "kmip/schema/dict.h"
#include "kmip/tests/support/rng.h"
#include "kmip/ttlv/ttlv.h"

enum { NODES_MAX = 2048, DEPTH_MAX = 40, VALUE_MAX = 4096, NONE = -1 };

struct node {
    uint32_t tag;
    uint8_t type;
    bool lies;          /* about its length, by so much */
    int32_t lie;
    struct bytes value; /* of what is no structure */
    int first, next;    /* children; NONE: no more */
};

static struct {
    struct node v[NODES_MAX];
    int n, first;
    struct bytes rest;
    uint8_t values[NODES_MAX * 8]; /* made up ones: at most a few a call */
    size_t n_values;
    struct rng rng;
} tree;

static uint32_t below(uint32_t n)
{
    return rng_below(&tree.rng, n);
}

/* --- in ------------------------------------------------------------------ */

static int new_node(void)
{
    if (tree.n == NODES_MAX)
        return NONE;
    tree.v[tree.n] = (struct node){.first = NONE, .next = NONE};
    return tree.n++;
}

static size_t padded(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

/* Items of one level as far as they are whole; *in is left with what is not. */
static int parse(struct bytes *in, unsigned depth)
{
    int first = NONE, *at = &first;

    while (in->n >= TTLV_HEADER) {
        uint32_t len = be32_get(in->p + 4);
        int i;
        if (in->p[0] != 0x42 && in->p[0] != 0x54)
            break;
        if (padded(len) > in->n - TTLV_HEADER || (i = new_node()) == NONE)
            break;
        struct node *node = &tree.v[i];
        node->tag = be32_get(in->p) >> 8;
        node->type = in->p[3];
        node->value = bytes_of(in->p + TTLV_HEADER, len);
        if (node->type == TTLV_STRUCTURE && depth < DEPTH_MAX) {
            struct bytes inside = node->value;
            int child = parse(&inside, depth + 1);
            tree.v[i].first = child; /* what it did not take is lost */
        }
        *at = i;
        at = &tree.v[i].next;
        in->p += TTLV_HEADER + padded(len);
        in->n -= TTLV_HEADER + padded(len);
    }
    return first;
}

/* --- out ----------------------------------------------------------------- */

struct out {
    uint8_t *p;
    size_t n, max;
    bool full;
};

static void put(struct out *o, const void *p, size_t n)
{
    if (n > o->max - o->n) {
        o->full = true;
        return;
    }
    if (n)
        memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void write_level(struct out *o, int i)
{
    static const uint8_t zeros[8];

    for (; i != NONE && !o->full; i = tree.v[i].next) {
        const struct node *node = &tree.v[i];
        size_t head = o->n;
        uint8_t h[TTLV_HEADER] = {(uint8_t)(node->tag >> 16), (uint8_t)(node->tag >> 8),
                                  (uint8_t)node->tag, node->type};
        put(o, h, sizeof h);
        if (node->first != NONE || node->type == TTLV_STRUCTURE)
            write_level(o, node->first);
        else
            put(o, node->value.p, node->value.n);
        if (o->full)
            return;
        size_t len = o->n - head - TTLV_HEADER;
        put(o, zeros, padded(len) - len);
        be32_put(o->p + head + 4, (uint32_t)len + (node->lies ? (uint32_t)node->lie : 0));
    }
}

/* --- changes --------------------------------------------------------------- */

/* The link that leads to node i; NULL: nothing does any more. */
static int *link_to(int i)
{
    if (tree.first == i)
        return &tree.first;
    for (int k = 0; k < tree.n; k++) {
        if (tree.v[k].first == i)
            return &tree.v[k].first;
        if (tree.v[k].next == i)
            return &tree.v[k].next;
    }
    return NULL;
}

static void remove_node(int i)
{
    int *at = link_to(i);
    if (at)
        *at = tree.v[i].next;
}

static void repeat(int i)
{
    int copy = new_node();
    if (copy == NONE)
        return;
    tree.v[copy] = tree.v[i]; /* its children are shared: they are written twice */
    tree.v[i].next = copy;
}

static void swap_with_next(int i)
{
    int next = tree.v[i].next, *at = link_to(i);
    if (next == NONE || !at)
        return;
    *at = next;
    tree.v[i].next = tree.v[next].next;
    tree.v[next].next = i;
}

/* A copy of its value alone, so that no item can be inside of itself. */
static void copy_to(int i, int where)
{
    int copy = new_node();
    if (copy == NONE)
        return;
    tree.v[copy] = tree.v[i];
    if (tree.v[copy].type == TTLV_STRUCTURE)
        tree.v[copy].first = NONE;
    tree.v[copy].next = tree.v[where].next;
    tree.v[where].next = copy;
}

static uint32_t any_tag(void)
{
    return kmip_tags[below((uint32_t)kmip_n_tags)].tag;
}

static void nest(int i)
{
    int inner = new_node();
    if (inner == NONE)
        return;
    tree.v[inner] = tree.v[i];
    tree.v[inner].next = NONE;
    tree.v[i].type = TTLV_STRUCTURE;
    tree.v[i].tag = below(2) ? any_tag() : tree.v[i].tag;
    tree.v[i].first = inner;
}

static void set_value(struct node *node, uint64_t v, size_t n)
{
    uint8_t *at = tree.values + tree.n_values;
    if (n > sizeof tree.values - tree.n_values)
        return;
    for (size_t k = 0; k < n; k++)
        at[k] = (uint8_t)(v >> 8 * (n - 1 - k));
    tree.n_values += n;
    node->value = bytes_of(at, n);
}

static uint64_t telling_number(void)
{
    static const uint64_t v[] = {0, 1, 2, 3, 5, 8, 16, 127, 128, 255, 256, 65535, 0x7FFFFFFF,
                                 0x80000000, 0xFFFFFFFF, INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX};
    return v[below(sizeof v / sizeof *v)];
}

/* A value of the tag's enumeration or mask, or a number of the kind that mistakes are made with. */
static uint64_t number_for(uint32_t tag)
{
    const struct kmip_tag *t = kmip_tag(tag);
    if (t && t->en && t->en->n && below(4))
        return t->en->values[below(t->en->n)].value;
    return telling_number();
}

static void change_value(struct node *node)
{
    static const uint8_t sizes[] = {[TTLV_INTEGER] = 4, [TTLV_LONG_INTEGER] = 8, [TTLV_ENUMERATION] = 4,
                                    [TTLV_BOOLEAN] = 8, [TTLV_DATE_TIME] = 8, [TTLV_INTERVAL] = 4};
    uint8_t text[VALUE_MAX];

    if (node->type < sizeof sizes && sizes[node->type]) {
        set_value(node, node->type == TTLV_BOOLEAN ? below(3) : number_for(node->tag),
                  sizes[node->type]);
    } else if (node->type != TTLV_STRUCTURE && node->value.n < sizeof text / 2) {
        if (node->value.n)
            memcpy(text, node->value.p, node->value.n);
        size_t n = LLVMFuzzerMutate(text, node->value.n, sizeof text);
        if (n <= sizeof tree.values - tree.n_values) {
            memcpy(tree.values + tree.n_values, text, n);
            node->value = bytes_of(tree.values + tree.n_values, n);
            tree.n_values += n;
        }
    }
}

static void change(int i)
{
    struct node *node = &tree.v[i];

    switch (below(10)) {
    case 0: remove_node(i); break;
    case 1: repeat(i); break;
    case 2: swap_with_next(i); break;
    case 3: copy_to(i, (int)below((uint32_t)tree.n)); break;
    case 4: nest(i); break;
    case 5: node->tag = any_tag(); break;
    case 6: node->type = (uint8_t)(1 + below(11)); break;
    case 7: node->lies = true; node->lie = (int32_t)below(33) - 16; break;
    default: change_value(node); break;
    }
}

size_t fuzz_mutate_messages(uint8_t *data, size_t size, size_t max, unsigned seed, size_t head)
{
    static uint8_t before[1u << 20];
    struct out o;

    if (size < head || size > sizeof before)
        return LLVMFuzzerMutate(data, size, max);
    tree.n = 0;
    tree.n_values = 0;
    tree.rng.state = seed;
    memcpy(before, data, size);
    tree.rest = bytes_of(before + head, size - head);
    tree.first = parse(&tree.rest, 0);
    if (tree.n == 0 || below(16) == 0)
        return LLVMFuzzerMutate(data, size, max);
    if (head && below(8) == 0)
        data[below((uint32_t)head)] = (uint8_t)below(256);
    for (uint32_t changes = 1 + below(3); changes > 0; changes--)
        change((int)below((uint32_t)tree.n));
    o = (struct out){.p = data, .n = head, .max = max};
    write_level(&o, tree.first);
    put(&o, tree.rest.p, tree.rest.n);
    return o.full ? head : o.n;
}
