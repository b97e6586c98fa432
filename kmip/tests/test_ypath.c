/* Places of errors as paths. */
#include "kmip/yaml/ypath.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/yaml/yfield.h"

static struct ydoc doc;

static void tear_down(void)
{
    ydoc_clear(&doc);
}

TestSuite(ypath, .fini = tear_down);

static const char *path_of(const struct kerr *err)
{
    static char out[200];
    struct buf b;
    buf_init(&b, sizeof out - 1);
    bool found = ynode_path(doc.root, err, &b);
    snprintf(out, sizeof out, "%s", found ? buf_cstr(&b) : "not found");
    buf_clear(&b);
    return out;
}

static const struct row {
    const char *text;
    uint32_t line, col;
    int node;
    const char *path;
} rows[] = {
    {"{\"a\": [1, {\"b\": {\"c\": 5}}]}", 1, 23, YNODE_SCALAR, "a[1].b.c"},
    {"{\"a\": [1, {\"b\": {\"c\": 5}}]}", 1, 18, YNODE_SCALAR, "a[1].b.c"}, /* the key */
    {"{\"a\": [1, {\"b\": {\"c\": 5}}]}", 1, 17, YNODE_MAP, "a[1].b"},
    {"{\"a\": [1, 2]}", 1, 7, YNODE_SEQ, "a"},
    {"{\"a\": [1, 2]}", 1, 1, YNODE_MAP, ""},
    {"[[1], [2, 3]]", 1, 11, YNODE_SCALAR, "[1][1]"},
    {"- name: x\n  act: y\n", 1, 3, YNODE_MAP, "[0]"}, /* the map and its first key */
    {"- name: x\n  act: y\n", 1, 3, YNODE_SCALAR, "[0].name"},
    {"- name: x\n  act: y\n", 2, 8, YNODE_SCALAR, "[0].act"},
    {"5", 1, 1, YNODE_SCALAR, ""},
    {"a: 5", 7, 1, YNODE_SCALAR, "not found"},
};

Test(ypath, is_found_by_line_column_and_kind)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct kerr err = KERR_INIT;
        cr_assert(ydoc_parse(&doc, "x.yaml", bytes_str(r->text), &err), "%s", err.msg);
        const struct ynode here = {
            .kind = r->node, .line = r->line, .col = r->col, .file = "x.yaml"};
        ynode_err(&here, KE_CONFIG, &err, "wrong");
        cr_expect_str_eq(path_of(&err), r->path, "%s: %s", r->text, path_of(&err));
        ydoc_clear(&doc);
    }
}

Test(ypath, is_none_without_a_place_or_in_another_document)
{
    struct kerr err = KERR_INIT;
    cr_assert(ydoc_parse(&doc, "x.yaml", bytes_str("a: 5"), &err), "%s", err.msg);
    kerr_set(&err, KE_CONFIG, "wrong");
    cr_expect_str_eq(path_of(&err), "not found");
    kerr_clear(&err);
    const struct ynode there = {.kind = YNODE_SCALAR, .line = 1, .col = 4, .file = "y.yaml"};
    ynode_err(&there, KE_CONFIG, &err, "wrong");
    cr_expect_str_eq(path_of(&err), "not found");
    ydoc_clear(&doc); /* no root */
    cr_expect_str_eq(path_of(&err), "not found");
}

Test(ypath, is_that_of_what_was_wrong_first)
{
    struct kerr err = KERR_INIT;
    int64_t n;
    bool b;
    cr_assert(ydoc_parse(&doc, "x.yaml", bytes_str("{n: x, b: 7}"), &err), "%s", err.msg);
    cr_expect_not(ynode_int(ynode_get(doc.root, "n"), 0, 9, &n, &err));
    cr_expect_not(ynode_bool(ynode_get(doc.root, "b"), &b, &err));
    cr_expect_str_eq(path_of(&err), "n");
}

Test(ypath, comes_with_syntax_errors_as_line_and_column)
{
    struct kerr err = KERR_INIT;
    cr_expect_not(ydoc_parse(&doc, "x.yaml", bytes_str("a: 1\nb: [1,\n"), &err));
    cr_expect_eq(err.line, 3);
    cr_expect_eq(err.col, 1);
}
