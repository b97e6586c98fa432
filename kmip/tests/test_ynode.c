/* YAML trees: places, quoting, aliases, hostile documents, --set. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/buf.h"
#include "kmip/tests/support/fail_alloc.h"
#include "kmip/tests/support/rng.h"
#include "kmip/yaml/ynode.h"

#define N(table) (sizeof(table) / sizeof *(table))

static struct ydoc doc;
static struct kerr err;

static bool parse(const char *text)
{
    ydoc_clear(&doc);
    kerr_clear(&err);
    return ydoc_parse(&doc, "a.yaml", bytes_str(text), &err);
}

static void tear_down(void)
{
    ydoc_clear(&doc);
}

TestSuite(ynode, .fini = tear_down, .timeout = 60);

/* A tree in one line: [a, {k: v}]; plain text bare, other text in single quotes. */
static void show(const struct ynode *n, struct buf *out)
{
    if (n->kind == YNODE_SCALAR) {
        buf_printf(out, n->plain ? "%s" : "'%s'", n->text);
        return;
    }
    buf_puts(out, n->kind == YNODE_MAP ? "{" : "[");
    for (size_t i = 0; i < n->n; i++) {
        buf_puts(out, i ? ", " : "");
        if (n->kind == YNODE_MAP)
            buf_printf(out, "%s: ", n->keys[i]->text);
        show(n->vals[i], out);
    }
    buf_puts(out, n->kind == YNODE_MAP ? "}" : "]");
}

static const char *shown(void)
{
    static struct buf out = {.limit = 100000};
    buf_reset(&out);
    if (doc.root)
        show(doc.root, &out);
    return buf_cstr(&out);
}

Test(ynode, builds_the_tree)
{
    static const struct {
        const char *text, *tree;
    } rows[] = {
        {"a: 1\nb: [x, 'y', \"z\"]\n", "{a: 1, b: [x, 'y', 'z']}"},
        {"- 1\n- a: 2\n  b:\n- [[]]\n", "[1, {a: 2, b: }, [[]]]"},
        {"{}", "{}"},
        {"[]", "[]"},
        {"just text", "just text"},
        {"''", "''"},
        {"a: 1\na: 2\nb: 3\na: 4", "{a: 1, a: 2, b: 3, a: 4}"},
        {"a: |\n  two\n  lines\n", "{a: 'two\nlines\n'}"},
        {"a: ~\nb: null\nc:\n", "{a: ~, b: null, c: }"},
        {"---\na: 1\n...\n", "{a: 1}"},
        {"\"quoted key\": v", "{quoted key: v}"},
        {"a: \xC3\xA9", "{a: \xC3\xA9}"},
    };
    for (size_t i = 0; i < N(rows); i++) {
        cr_expect(parse(rows[i].text), "%s: %s", rows[i].text, err.msg);
        cr_expect_str_eq(shown(), rows[i].tree, "%s", rows[i].text);
    }
}

Test(ynode, an_empty_document_has_no_root)
{
    static const char *const rows[] = {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n"};
    for (size_t i = 0; i < N(rows); i++) {
        cr_expect(parse(rows[i]), "'%s': %s", rows[i], err.msg);
        cr_expect_null(doc.root, "'%s'", rows[i]);
    }
    ydoc_clear(&doc);
    cr_expect(ydoc_parse(&doc, "none", bytes_of(NULL, 0), &err));
    cr_expect_null(doc.root);
}

Test(ynode, knows_where_everything_stood)
{
    cr_assert(parse("first: 1\nlist:\n  - x\n  -   y: deep\n"));
    const struct ynode *list = ynode_get(doc.root, "list");
    cr_expect(doc.root->line == 1 && doc.root->col == 1);
    cr_expect(ynode_get(doc.root, "first")->line == 1 && ynode_get(doc.root, "first")->col == 8);
    cr_expect(doc.root->keys[1]->line == 2 && doc.root->keys[1]->col == 1);
    cr_expect(list->line == 3 && list->col == 3);
    cr_expect(list->vals[1]->vals[0]->line == 4 && list->vals[1]->vals[0]->col == 10);
    cr_expect_str_eq(list->file, "a.yaml");
    cr_expect(!ynode_err(list->vals[0], KE_CASE, &err, "not %s", "x"));
    cr_expect_eq(err.code, KE_CASE);
    cr_expect_str_eq(err.msg, "a.yaml:3:5: not x");
}

Test(ynode, keeps_tags_and_embedded_nuls)
{
    cr_assert(parse("a: !Integer 5\nb: !!str 7\nc: !x [1]\nd: \"a\\0b\"\n"));
    cr_expect_str_eq(ynode_get(doc.root, "a")->tag, "!Integer");
    cr_expect(ynode_get(doc.root, "a")->plain);
    cr_expect_str_eq(ynode_get(doc.root, "b")->tag, "tag:yaml.org,2002:str");
    cr_expect_str_eq(ynode_get(doc.root, "c")->tag, "!x");
    cr_expect_null(doc.root->tag);
    const struct ynode *d = ynode_get(doc.root, "d");
    cr_expect(d->len == 3 && memcmp(d->text, "a\0b\0", 4) == 0);
}

Test(ynode, looks_up_the_first_of_equal_keys)
{
    cr_assert(parse("a: 1\nb: 2\na: 3\n"));
    cr_expect_str_eq(ynode_get(doc.root, "a")->text, "1");
    cr_expect_null(ynode_get(doc.root, "c"));
    cr_expect_null(ynode_get(NULL, "a"));
    cr_expect_null(ynode_get(doc.root->vals[0], "a"));
    cr_expect_eq(doc.root->n, 3);
}

Test(ynode, null_is_plain_and_empty_tilde_or_null)
{
    cr_assert(parse("[~, null, '', \"null\", x, []]"));
    cr_expect(ynode_is_null(doc.root->vals[0]) && ynode_is_null(doc.root->vals[1]));
    for (size_t i = 2; i < 6; i++)
        cr_expect(!ynode_is_null(doc.root->vals[i]), "%zu", i);
}

Test(ynode, aliases_share_their_node)
{
    cr_assert(parse("a: &x {p: 1}\nb: *x\nc: [*x, &y 5, *y]\n&k key: v\nd: {*k : w}\n"), "%s", err.msg);
    cr_expect_str_eq(shown(), "{a: {p: 1}, b: {p: 1}, c: [{p: 1}, 5, 5], key: v, d: {key: w}}");
    cr_expect_eq(ynode_get(doc.root, "a"), ynode_get(doc.root, "b"));
    cr_assert(parse("- &x 1\n- *x\n- &x 2\n- *x\n"));
    cr_expect_str_eq(shown(), "[1, 1, 2, 2]", "an anchor may be defined anew");
}

Test(ynode, errors_say_where)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"a: [1, 2\nb: 3\n", "a.yaml:2:"},
        {"a: 1\n b: 2\n", "a.yaml:2:"},
        {"a: \"open\n", "a.yaml:2:1: "},
        {"a:\n\t- 1\n", "a.yaml:2:1: "},
        {"a: @x\n", "a.yaml:1:4: "},
        {"{a: 1, b", "a.yaml:2:1: "}, /* the end of the file */
        {"]", "a.yaml:1:1: "},
        {"a: 1\n---\nb: 2\n", "a.yaml:2:1: only one document is allowed in a file"},
        {"? [a]\n: 1\n", "a.yaml:1:3: a key must be a plain name"},
        {"{a: 1}: 2\n", "a.yaml:1:1: a key must be a plain name"},
        {"a: *nobody\n", "a.yaml:1:4: alias of an anchor that is not defined before it"},
        {"a: *x\nb: &x 1\n", "a.yaml:1:4: alias of an anchor that is not defined before it"},
        {"a: &x [1, *x]\n", "a.yaml:1:11: alias of the node that it stands in"},
        {"a: &x {k: {j: *x}}\n", "a.yaml:1:15: alias of the node that it stands in"},
        {"&x a: &x [*x]\n", "a.yaml:1:11: alias of the node that it stands in"},
        {"a: \x01\n", "a.yaml: byte 3: control characters are not allowed"},
        {"a: \xFF\n", "a.yaml: byte 3: invalid leading UTF-8 octet"},
        {"a: \xC3", "a.yaml: byte 3: incomplete UTF-8 octet sequence"},
    };
    for (size_t i = 0; i < N(rows); i++) {
        cr_expect(!parse(rows[i].text), "%s", rows[i].text);
        cr_expect_eq(err.code, KE_YAML, "%s: %s", rows[i].text, kerr_name(err.code));
        cr_expect_eq(strncmp(err.msg, rows[i].says, strlen(rows[i].says)), 0, "%s: %s", rows[i].text, err.msg);
        cr_expect_null(doc.root);
        cr_expect_null(doc.arena.head, "nothing is kept");
    }
}

/* `open` n times, then `middle`, then `close` n times. */
static bool parse_nested(const char *open, const char *middle, const char *close, unsigned n)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    for (unsigned i = 0; i < n; i++)
        buf_puts(&b, open);
    buf_puts(&b, middle);
    for (unsigned i = 0; i < n; i++)
        buf_puts(&b, close);
    bool ok = parse(buf_cstr(&b));
    buf_clear(&b);
    return ok;
}

Test(ynode, bounds_the_depth)
{
    cr_expect(parse_nested("[", "", "]", 64), "%s", err.msg);
    cr_expect(parse_nested("[", "x", "]", 63), "%s", err.msg);
    cr_expect(!parse_nested("[", "", "]", 65));
    cr_expect_str_eq(err.msg, "a.yaml:1:65: nested more than 64 levels deep");
    cr_expect(!parse_nested("{a: ", "1", "}", 70));
    cr_expect(!parse_nested("[", "", "", 100000), "deep and never closed");
    cr_expect_eq(err.code, KE_YAML);
    cr_expect(!parse_nested("- ", "x", "", 1000));
}

Test(ynode, bounds_the_depth_through_aliases)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    for (unsigned i = 0; i < 8; i++) { /* each ten levels deeper than the one before */
        buf_printf(&b, "a%u: &a%u [[[[[[[[[[", i, i);
        if (i)
            buf_printf(&b, "*a%u", i - 1);
        buf_puts(&b, "]]]]]]]]]]\n");
    }
    cr_expect(!parse(buf_cstr(&b)));
    cr_expect_eq(err.code, KE_YAML);
    cr_expect(strstr(err.msg, "a.yaml:7:") && strstr(err.msg, "nested more than 64 levels"), "%s", err.msg);
    buf_clear(&b);
}

Test(ynode, bounds_what_aliases_multiply)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    buf_puts(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (unsigned i = 1; i < 10; i++) {
        buf_printf(&b, "a%u: &a%u [", i, i);
        for (unsigned k = 0; k < 10; k++)
            buf_printf(&b, "%s*a%u", k ? "," : "", i - 1);
        buf_puts(&b, "]\n");
    }
    cr_expect(!parse(buf_cstr(&b)), "ten to the tenth nodes");
    cr_expect(strstr(err.msg, "a.yaml:6:") && strstr(err.msg, "more than 1000000 nodes"), "%s", err.msg);

    buf_reset(&b);
    for (unsigned i = 0; i < 20; i++) /* the same without a single leaf */
        buf_printf(&b, i ? "a%u: &a%u [*a%u,*a%u]\n" : "a%u: &a%u []\n", i, i, i - 1, i - 1);
    cr_expect(!parse(buf_cstr(&b)));

    buf_reset(&b);
    for (unsigned i = 0; i < 257; i++)
        buf_printf(&b, "- &a%u x\n", i);
    cr_expect(!parse(buf_cstr(&b)));
    cr_expect(strstr(err.msg, "a.yaml:257:3: more than 256 anchors"), "%s", err.msg);
    buf_clear(&b);
}

Test(ynode, takes_long_lists)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    for (unsigned i = 0; i < 100000; i++)
        buf_printf(&b, "- %u\n", i);
    cr_assert(parse(buf_cstr(&b)), "%s", err.msg);
    cr_expect_eq(doc.root->n, 100000);
    for (unsigned i = 0; i < 100000; i++)
        cr_assert_eq((unsigned)atoi(doc.root->vals[i]->text), i);
    buf_clear(&b);
}

Test(ynode, loads_files)
{
    char name[] = "/tmp/kmip-test-yaml-XXXXXX";
    int fd = mkstemp(name);
    cr_assert(fd >= 0 && write(fd, "a: [1\n", 6) == 6);
    cr_expect(!ydoc_load(&doc, name, &err));
    cr_expect(err.code == KE_YAML && strncmp(err.msg, name, strlen(name)) == 0, "%s", err.msg);
    cr_assert_eq(write(fd, "]\n", 2), 2);
    close(fd);
    kerr_clear(&err);
    cr_expect(ydoc_load(&doc, name, &err), "%s", err.msg);
    cr_expect_str_eq(shown(), "{a: [1]}");
    unlink(name);
    ydoc_clear(&doc);
    cr_expect(!ydoc_load(&doc, name, &err));
    cr_expect_eq(err.code, KE_FILE);
    ydoc_clear(&doc);
}

Test(ynode, names_standard_input)
{
    int fds[2], kept = dup(STDIN_FILENO);
    cr_assert(pipe(fds) == 0 && write(fds[1], "a: [", 4) == 4);
    close(fds[1]);
    dup2(fds[0], STDIN_FILENO);
    kerr_clear(&err);
    cr_expect(!ydoc_load(&doc, "-", &err));
    dup2(kept, STDIN_FILENO);
    cr_expect_eq(strncmp(err.msg, "standard input:2:", 17), 0, "%s", err.msg);
}

Test(ynode, lack_of_memory_is_told_at_any_request)
{
    bool ok = false;
    size_t nth = 1;
    for (; nth < 100 && !ok; nth++) {
        ydoc_clear(&doc);
        kerr_clear(&err);
        fail_alloc_from(nth);
        ok = ydoc_parse(&doc, "a.yaml", bytes_str("a: &x [1, 2, {b: c}]\nd: *x\n"), &err);
        fail_alloc_off();
        cr_expect(ok || err.code == KE_MEMORY, "request %zu: %s", nth, err.msg);
    }
    cr_expect(ok && nth > 2);
}

Test(ynode, set_replaces_and_adds_by_path)
{
    static const struct {
        const char *start, *path, *value, *tree;
    } rows[] = {
        {"a: 1\nb: 2", "a", "3", "{a: 3, b: 2}"},
        {"a: 1", "b", "2", "{a: 1, b: 2}"},
        {"a: {b: {c: 1}}", "a.b.c", "2", "{a: {b: {c: 2}}}"},
        {"a: 1", "x.y.z", "1", "{a: 1, x: {y: {z: 1}}}"},
        {"", "clock.offset", "-90s", "{clock: {offset: -90s}}"},
        {"clock:", "clock.offset", "5s", "{clock: {offset: 5s}}"},
        {"clock: ~", "clock.offset", "5s", "{clock: {offset: 5s}}"},
        {"a: [1, 2, 3]", "a.1", "x", "{a: [1, x, 3]}"},
        {"a: [1]", "a.1", "2", "{a: [1, 2]}"},
        {"a: [{b: 1}]", "a.0.b", "2", "{a: [{b: 2}]}"},
        {"a: 1", "a", "[1, {b: 2}]", "{a: [1, {b: 2}]}"},
        {"a: 1", "a", "'quoted'", "{a: 'quoted'}"},
        {"a: 1", "a", "", "{a: }"},
        {"a: 1\na: 2", "a", "3", "{a: 3, a: 2}"},
        {"a: {p: 1}", "a", "2", "{a: 2}"},
        {"[1, 2]", "0", "x", "[x, 2]"},
    };
    for (size_t i = 0; i < N(rows); i++) {
        cr_assert(parse(rows[i].start));
        cr_expect(ydoc_set(&doc, rows[i].path, rows[i].value, &err), "%s=%s: %s", rows[i].path, rows[i].value,
                  err.msg);
        cr_expect_str_eq(shown(), rows[i].tree, "%s: %s=%s", rows[i].start, rows[i].path, rows[i].value);
    }
    cr_assert(parse("replies: {reorder: {window: 4}}"));
    cr_expect(ydoc_set(&doc, "replies.reorder.max_wait", "50ms", &err));
    cr_expect(ydoc_set(&doc, "replies.reorder.window", "2", &err));
    cr_expect(ydoc_set(&doc, "seed", "7", &err));
    cr_expect_str_eq(shown(), "{replies: {reorder: {window: 2, max_wait: 50ms}}, seed: 7}");
    cr_expect_str_eq(ynode_get(doc.root, "seed")->file, "--set seed");
    cr_expect_str_eq(doc.root->keys[1]->file, "--set seed");
}

Test(ynode, set_changes_the_path_named_and_not_what_it_shares)
{
    cr_assert(parse("a: &x {p: 1, l: [1]}\nb: *x\n"));
    cr_expect(ydoc_set(&doc, "b.p", "2", &err) && ydoc_set(&doc, "b.l.0", "9", &err), "%s", err.msg);
    cr_expect_str_eq(shown(), "{a: {p: 1, l: [1]}, b: {p: 2, l: [9]}}");
}

Test(ynode, set_refuses_what_has_no_place_and_changes_nothing)
{
    static const struct {
        const char *path, *value, *says;
        enum kerr_code code;
    } rows[] = {
        {"a.b", "1", "--set a.b: there is no place called 'b'", KE_CONFIG},
        {"l.2", "1", "--set l.2: there is no place called '2'", KE_CONFIG},
        {"l.-1", "1", "--set l.-1: there is no place called '-1'", KE_CONFIG},
        {"l.x", "1", "--set l.x: there is no place called 'x'", KE_CONFIG},
        {"new.l.0.x", "1", NULL, KE_OK},
        {"", "1", "--set : a name is missing in the path", KE_CONFIG},
        {".a", "1", "--set .a: a name is missing in the path", KE_CONFIG},
        {"m..x", "1", "--set m..x: a name is missing in the path", KE_CONFIG},
        {"m.", "1", "--set m.: a name is missing in the path", KE_CONFIG},
        {"m.x", "[1", "--set m.x:2:1: ", KE_YAML},
        {"m.x", "*gone", "--set m.x:1:1: alias", KE_YAML},
        {"m.x", "1\n---\n2", "--set m.x:2:1: only one document", KE_YAML},
    };
    for (size_t i = 0; i < N(rows); i++) {
        cr_assert(parse("a: 1\nl: [0]\nm: {k: v}\n"));
        bool ok = ydoc_set(&doc, rows[i].path, rows[i].value, &err);
        cr_expect_eq(ok, rows[i].code == KE_OK, "%s=%s", rows[i].path, rows[i].value);
        if (ok)
            continue;
        cr_expect_eq(err.code, rows[i].code, "%s: %s", rows[i].path, err.msg);
        cr_expect_eq(strncmp(err.msg, rows[i].says, strlen(rows[i].says)), 0, "%s", err.msg);
        cr_expect_str_eq(shown(), "{a: 1, l: [0], m: {k: v}}", "%s", rows[i].path);
    }
}

/* Random pieces of YAML never crash the parser, and all refusals say why. */
Test(ynode, survives_random_documents)
{
    static const char *const parts[] = {"a", ": ", "\n", "- ", "[", "]", "{", "}", ",", "&x ", "*x", "!t ", "'",
                                        "\"", "|", ">", "#", "? ", "  ", "\t", "---\n", "...\n", "%YAML 1.1\n",
                                        "<<", "\\", "\xC3\xA9", "\xFF", "@", "`", "~"};
    struct rng r = {5};
    unsigned good = 0;
    for (int i = 0; i < 20000; i++) {
        struct buf b;
        buf_init(&b, BUF_NO_LIMIT);
        for (uint32_t k = rng_below(&r, 14); k > 0; k--)
            buf_puts(&b, parts[rng_below(&r, N(parts))]);
        bool ok = parse(buf_cstr(&b));
        good += ok;
        cr_assert(ok || (err.code == KE_YAML && err.msg[0]), "%s", buf_cstr(&b));
        if (ok)
            shown();
        buf_clear(&b);
    }
    cr_expect_gt(good, 500);
}
