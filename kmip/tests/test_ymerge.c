/* One document over another: what is kept, what adds up, what stays apart. */
#include <criterion/criterion.h>

#include "kmip/base/buf.h"
#include "kmip/yaml/ynode.h"

TestSuite(ymerge, .timeout = 20);

static void parse(struct ydoc *d, const char *text)
{
    struct kerr err = KERR_INIT;
    cr_assert(ydoc_parse(d, "test", bytes_str(text), &err), "%s", err.msg);
}

/* The tree in flow style, for comparison. */
static void put(struct buf *out, const struct ynode *n)
{
    bool map = n->kind == YNODE_MAP;
    if (n->kind == YNODE_SCALAR) {
        buf_puts(out, n->text);
        return;
    }
    buf_putc(out, map ? '{' : '[');
    for (size_t i = 0; i < n->n; i++) {
        buf_printf(out, "%s%s%s", i ? ", " : "", map ? n->keys[i]->text : "", map ? ": " : "");
        put(out, n->vals[i]);
    }
    buf_putc(out, map ? '}' : ']');
}

static const struct {
    const char *name, *under, *over, *want;
} rows[] = {
    {"another key", "{a: 1}", "{b: 2}", "{a: 1, b: 2}"},
    {"the same key", "{a: 1, b: 2}", "{a: 3}", "{a: 3, b: 2}"},
    {"maps below", "{a: {x: 1, y: {z: 2}}}", "{a: {y: {w: 3}}}", "{a: {x: 1, y: {z: 2, w: 3}}}"},
    {"a map over a scalar", "{a: 1}", "{a: {x: 2}}", "{a: {x: 2}}"},
    {"a scalar over a map", "{a: {x: 2}}", "{a: 1}", "{a: 1}"},
    {"lists replace", "{a: [1, 2]}", "{a: [3]}", "{a: [3]}"},
    {"lists that add up", "{add: [1, 2]}", "{add: [3]}", "{add: [1, 2, 3]}"},
    {"single entries add up", "{add: 1}", "{add: {x: 2}}", "{add: [1, {x: 2}]}"},
    {"null adds nothing", "{add: [1]}", "{add: }", "{add: [1]}"},
    {"only at the top", "{a: {add: [1]}}", "{a: {add: [2]}}", "{a: {add: [2]}}"},
    {"over nothing", "", "{a: 1}", "{a: 1}"},
    {"nothing over it", "{a: 1}", "", "{a: 1}"},
    {"null over it", "{a: 1}", "~", "{a: 1}"},
    {"a key twice", "{a: 1}", "{b: 2, b: 3, a: 4, a: 5}", "{a: 4, b: 2, b: 3, a: 5}"},
};

Test(ymerge, puts_one_document_over_another)
{
    static const char *const adding[] = {"add", NULL};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ydoc d, over;
        struct buf text;
        struct kerr err = KERR_INIT;
        parse(&d, rows[i].under);
        parse(&over, rows[i].over);
        buf_init(&text, 1000);
        cr_assert(ydoc_merge(&d, &over, adding, &err), "%s: %s", rows[i].name, err.msg);
        put(&text, d.root);
        cr_expect_str_eq(buf_cstr(&text), rows[i].want, "%s: %s", rows[i].name, buf_cstr(&text));
        buf_clear(&text);
        ydoc_clear(&d);
        ydoc_clear(&over);
    }
}

Test(ymerge, leaves_both_documents_as_they_were)
{
    static const char *const adding[] = {"add", NULL};
    struct ydoc d, over;
    struct buf text;
    struct kerr err = KERR_INIT;
    parse(&d, "{a: &x {y: 1}, b: *x, add: [1]}");
    parse(&over, "{a: {z: 2}, add: [2]}");
    buf_init(&text, 1000);
    cr_assert(ydoc_merge(&d, &over, adding, &err), "%s", err.msg);
    put(&text, d.root);
    buf_putc(&text, ' ');
    put(&text, over.root);
    cr_expect_str_eq(buf_cstr(&text),
                     "{a: {y: 1, z: 2}, b: {y: 1}, add: [1, 2]} {a: {z: 2}, add: [2]}");
    cr_expect_eq(ynode_get(ynode_get(d.root, "a"), "z")->col, 9, "places are those of the files");
    buf_clear(&text);
    ydoc_clear(&d);
    ydoc_clear(&over);
}

static const struct {
    const char *name, *text;
    const char *want; /* the map, or words of the error */
    bool fails;
} folds[] = {
    {"nothing to merge", "{a: 1, b: 2}", "{a: 1, b: 2}", false},
    {"no map", "[a]", "[a]", false},
    {"what the map says itself counts", "{<<: {a: 1, b: 2}, a: 3}", "{a: 3, b: 2}", false},
    {"wherever the key stands", "{a: 3, <<: {a: 1, b: 2}}", "{a: 3, b: 2}", false},
    {"the earlier beats the later", "{<<: [{a: 1}, {a: 2, b: 3}]}", "{a: 1, b: 3}", false},
    {"two merge keys", "{<<: {a: 1}, <<: {a: 2, b: 3}}", "{a: 1, b: 3}", false},
    {"merged maps merge", "{<<: {<<: {a: 1, b: 2}, a: 3}}", "{a: 3, b: 2}", false},
    {"not below", "{a: {<<: {b: 1}}}", "{a: {<<: {b: 1}}}", false},
    {"quoted it is a key", "{'<<': {a: 1}}", "{<<: {a: 1}}", false},
    {"a key twice", "{a: 1, a: 2, <<: {b: 1, b: 2}}", "{a: 1, a: 2, b: 1}", false},
    {"a scalar", "{<<: x}", "test:1:6: expected a map for <<, or a list", true},
    {"nothing", "{<<: }", "expected a map for <<, or a list", true},
    {"a scalar in the list", "{<<: [{a: 1}, x]}", "test:1:15: expected a map for <<", true},
    {"a list in the list", "{<<: [[{a: 1}]]}", "test:1:7: expected a map for <<", true},
};

Test(ymerge, merge_keys_unfold)
{
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
        struct ydoc d;
        struct buf text;
        struct kerr err = KERR_INIT;
        parse(&d, folds[i].text);
        struct ynode *root = d.root;
        buf_init(&text, 1000);
        bool ok = ydoc_unfold(&d, &root, &err);
        cr_expect_eq(ok, !folds[i].fails, "%s: %s", folds[i].name, err.msg);
        put(&text, root);
        if (ok)
            cr_expect_str_eq(buf_cstr(&text), folds[i].want, "%s", folds[i].name);
        else
            cr_expect(strstr(err.msg, folds[i].want), "%s: %s", folds[i].name, err.msg);
        buf_clear(&text);
        ydoc_clear(&d);
    }
}

Test(ymerge, unfolding_is_bounded)
{
    struct buf text;
    struct ydoc d;
    struct kerr err = KERR_INIT;
    buf_init(&text, BUF_NO_LIMIT);
    buf_puts(&text, "{<<: {k0: 0");
    for (int i = 1; i < 1001; i++)
        buf_printf(&text, ", k%d: 0", i);
    buf_puts(&text, "}}");
    parse(&d, buf_cstr(&text));
    struct ynode *root = d.root;
    cr_expect(!ydoc_unfold(&d, &root, &err));
    cr_expect(strstr(err.msg, "more than 1000 keys"), "%s", err.msg);
    cr_expect_eq(root, d.root);
    ydoc_clear(&d);
    buf_clear(&text);
}
