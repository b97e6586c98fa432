/* The matcher: every form of an expected value, that it matches and that it does not. */
#include "conformance/tests/cases.h"
#include "kmip/base/clock.h"

static struct tmpdir dir;
static struct bench b;
static struct test_case *tc;

static void set_up(void)
{
    tmpdir_make(&dir);
    tc = case_of(&dir, "steps: [{wait: 1s}]\n");
    bench_open(&b, tc);
    b.rn.vars.env.now_s = 1000000;
    b.rn.vars.server_offset_s = 90;
}

static void tear_down(void)
{
    bench_close(&b);
    case_free(&tc);
    tmpdir_remove(&dir);
}

TestSuite(match, .init = set_up, .fini = tear_down, .timeout = 30);

/* A Get Attributes response with something of everything. */
static const char reply_yaml[] =
    "Response Message:\n"
    "  Response Header: {Protocol Version: 1.2, Time Stamp: 1000000, Batch Count: 1}\n"
    "  Batch Item:\n"
    "    Operation: Get Attributes\n"
    "    Result Status: Success\n"
    "    Response Payload:\n"
    "      Unique Identifier: key-1\n"
    "      Attributes:\n"
    "        State: Active\n"
    "        Cryptographic Length: 256\n"
    "        Cryptographic Usage Mask: Encrypt | Decrypt\n"
    "        Activation Date: 1000000\n"
    "        Name: first\n"
    "        Name: !indexed {index: 1, value: second}\n"
    "        x-number: !Integer 7\n"
    "        x-text: seven\n"
    "        Digest: {Hashing Algorithm: SHA-256, Digest Value: "
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad, Key Format Type: Raw}\n"
    "        Fresh: true\n"
    "        Lease Time: 3600\n";

struct tried {
    bool matched;
    struct mismatches found;
    struct kerr err;
};

/* The payload of a reply against an expected payload in YAML. */
static void match(const char *reply, const char *want, bool exact, struct tried *t)
{
    struct ydoc doc = {0};
    struct buf bytes;
    struct kerr err = KERR_INIT;
    struct kmip_message msg;
    struct kmip_item it;
    struct kmip_walk walk;
    *t = (struct tried){.err = KERR_INIT};
    buf_init(&bytes, 1u << 20);
    cr_assert(fixture_yaml(reply, NULL, &bytes, &err), "%s", err.msg);
    cr_assert(ydoc_parse(&doc, "want.yaml", bytes_str(want), &err), "%s: %s", want, err.msg);
    cr_assert(kmip_open(&msg, buf_bytes(&bytes), &err) && kmip_next_item(&msg, &it), "%s", err.msg);
    struct matcher m = {.vars = &b.rn.vars,
                        .arena = &b.rn.result->arena,
                        .reply = buf_bytes(&bytes),
                        .out = &t->found,
                        .err = &t->err};
    kmip_walk_init_payload(&walk, true, it.operation);
    t->matched = match_fields(&m, doc.root, &walk, &it.payload);
    if (exact)
        t->matched = match_exact(&m, doc.root, &it.payload) && t->matched;
    ydoc_clear(&doc);
    buf_clear(&bytes);
}

struct row {
    const char *want;
    const char *told; /* NULL: matches; else "expected|actual" begins like this */
};

static void expect_rows(const struct row *rows, size_t n, const char *reply)
{
    for (size_t i = 0; i < n; i++) {
        struct tried t;
        size_t mark = vars_mark(&b.rn.vars);
        match(reply, rows[i].want, false, &t);
        const char *text = mismatch_text(&t.found);
        cr_expect_eq(t.err.code, KE_OK, "%s: %s", rows[i].want, t.err.msg);
        cr_expect_eq(t.matched, rows[i].told == NULL, "%s: %s", rows[i].want, text);
        cr_expect_eq(t.found.n == 0, rows[i].told == NULL, "%s: %s", rows[i].want, text);
        cr_expect(!rows[i].told || strstr(text, rows[i].told) == text, "%s: %s", rows[i].want,
                  text);
        vars_rewind(&b.rn.vars, mark);
    }
}

/* The present is as uncertain as the case has taken; other dates are not. */
Test(match, a_slow_case_widens_what_is_near_the_present)
{
    static const struct row rows[] = {
        {"{Attributes: {Activation Date: !near [$NOW+8, 5s]}}", NULL},
        {"{Attributes: {Activation Date: !near [$NOW+9, 5s]}}",
         "1970-01-12T13:46:49Z, give or take 8 s (it is 9 s early)|"},
        {"{Attributes: {Activation Date: !near [$SERVER_NOW-90, 0s]}}", NULL},
        {"{Attributes: {Activation Date: !near [1000006, 5s]}}", "1970-01-12T13:46:46Z, give or"},
    };
    b.rn.vars.slack_ns = 2 * NS_PER_S + 1;
    expect_rows(rows, sizeof rows / sizeof *rows, reply_yaml);
    b.rn.vars.slack_ns = 0;
}

Test(match, a_list_may_have_to_descend)
{
    static const struct row rows[] = {
        {"{Protocol Version: !descending }", NULL},
    };
    static const struct {
        const char *versions, *told; /* NULL: it fits */
    } lists[] = {
        {"[1.4, 1.2, 1.0]", NULL},
        {"[1.2]", NULL},
        {"[2.1, 1.4]", NULL},
        {"[1.2, 1.4]", "Protocol Version: less than "
         "{Protocol Version Major: 1, Protocol Version Minor: 2}, the one before it|"
         "{Protocol Version Major: 1, Protocol Version Minor: 4}"},
        {"[1.2, 1.2]", "Protocol Version: less than "
         "{Protocol Version Major: 1, Protocol Version Minor: 2}, the one before it|"
         "{Protocol Version Major: 1, Protocol Version Minor: 2}"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char reply[400];
        struct row row = {rows[0].want, lists[i].told};
        snprintf(reply, sizeof reply,
                 "Response Message:\n  Response Header: {Protocol Version: 1.2, Time Stamp: 0, "
                 "Batch Count: 1}\n  Batch Item: {Operation: Discover Versions, Result Status: "
                 "Success, Response Payload: {Protocol Version: %s}}\n", lists[i].versions);
        expect_rows(&row, 1, reply);
    }
}

Test(match, equals_by_the_type_of_the_field)
{
    static const struct row rows[] = {
        {"{Unique Identifier: key-1}", NULL},
        {"{Unique Identifier: key-2}", "\"key-2\"|\"key-1\""},
        {"{Attributes: {State: Active}}", NULL},
        {"{Attributes: {State: 2}}", NULL},
        {"{Attributes: {State: Compromised}}", "Compromised|Active"},
        {"{Attributes: {Cryptographic Length: 256}}", NULL},
        {"{Attributes: {Cryptographic Length: 128}}", "128|256"},
        {"{Attributes: {Cryptographic Usage Mask: Encrypt | Decrypt}}", NULL},
        {"{Attributes: {Cryptographic Usage Mask: [Decrypt, Encrypt]}}", NULL},
        {"{Attributes: {Cryptographic Usage Mask: Encrypt}}", "Encrypt|Encrypt | Decrypt"},
        {"{Attributes: {Activation Date: $NOW}}", NULL},
        {"{Attributes: {Activation Date: $NOW-1}}", "1970-01-12T13:46:39Z|1970-01-12T13:46:40Z"},
        {"{Attributes: {x-number: 7}}", NULL},
        {"{Attributes: {x-number: 8}}", "8 (Integer)|7 (Integer)"},
        {"{Attributes: {x-text: seven}}", NULL},
        {"{Attributes: {x-text: eight}}", "\"eight\"|\"seven\""},
        {"{Attributes: {Fresh: true}}", NULL},
        {"{Attributes: {Fresh: false}}", "false|true"},
        {"{Attributes: {Lease Time: 1h}}", NULL},
        {"{Attributes: {Digest: {Hashing Algorithm: SHA-256}}}", NULL},
        {"{Attributes: {Digest: {Hashing Algorithm: MD5}}}", "MD5|SHA-256"},
        {"{Attributes: {Digest: {Key Format Type: PKCS#1}}}", "PKCS#1|Raw"},
        {"{Attributes: }", NULL},
        {"{}", NULL},
    };
    expect_rows(rows, sizeof rows / sizeof *rows, reply_yaml);
}

/* A mismatch says which field or attribute it is of. */
Test(match, what_differs_is_named)
{
    static const struct {
        const char *want, *field, *told;
    } rows[] = {
        {"{Unique Identifier: key-2}", "Unique Identifier", "Unique Identifier: \"key-2\""},
        {"{Attributes: {State: Compromised}}", "State", "State: Compromised"},
        {"{Attributes: {x-text: !length 4}}", "x-text", "x-text: 4 bytes"},
        {"{Attributes: {State: !absent }}", "State", "no State"},
        {"{Attributes: {Digest: {Hashing Algorithm: MD5}}}", "Hashing Algorithm",
         "Hashing Algorithm: MD5"},
        {"{Attributes: {Deactivation Date: !near [$NOW, 30s]}}", "",
         "Deactivation Date: near [1970-01-12T13:46:40Z, 30s]"},
        {"{Attributes: {Digest: !contains {Hashing Algorithm: MD5, Digest Value: !length 32}}}", "",
         "Digest: {Hashing Algorithm: MD5, Digest Value: length 32} among the values"},
        {"{Attributes: {Link: !any any link}}", "", "Link: any"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tried t;
        struct buf told;
        buf_init(&told, 4096);
        match(reply_yaml, rows[i].want, false, &t);
        cr_assert_eq(t.found.n, 1, "%s: %s %s", rows[i].want, mismatch_text(&t.found), t.err.msg);
        mismatch_expected(&t.found.v[0], &told);
        cr_expect_str_eq(t.found.v[0].field, rows[i].field);
        cr_expect_str_eq(buf_cstr(&told), rows[i].told);
        buf_clear(&told);
    }
}

Test(match, presence_and_absence)
{
    static const struct row rows[] = {
        {"{Unique Identifier: !any }", NULL},
        {"{Attributes: {Name: !any }}", NULL},
        {"{Attributes: {Deactivation Date: !absent }}", NULL},
        {"{Attributes: {State: !absent }}", "no State|Active"},
        {"{Attributes: {Deactivation Date: !any }}", "Deactivation Date: any|not there"},
        {"{Attributes: {x-other: 5}}", "x-other: 5|not there"},
        {"{Object Type: !absent }", NULL},
        {"{Object Type: Symmetric Key}", "Object Type: Symmetric Key|not there"},
        {"{Unique Identifier: !absent }", "no Unique Identifier|\"key-1\""},
        {"{Attributes: {Name: first}}", "Name once only|{Name Value: \"second\", Name Type: "},
    };
    expect_rows(rows, sizeof rows / sizeof *rows, reply_yaml);
}

Test(match, forms_of_one_value)
{
    static const struct row rows[] = {
        {"{Attributes: {State: !not Destroyed}}", NULL},
        {"{Attributes: {State: !not Active}}", "anything but this|Active"},
        {"{Attributes: {State: !one_of [Pre-Active, Active]}}", NULL},
        {"{Attributes: {State: !one_of [Pre-Active, Destroyed]}}",
         "one of Pre-Active, Destroyed|Active"},
        {"{Attributes: {Cryptographic Length: !at_least 256}}", NULL},
        {"{Attributes: {Cryptographic Length: !at_least 257}}", "at least 257|256"},
        {"{Attributes: {Cryptographic Length: !at_most 256}}", NULL},
        {"{Attributes: {Cryptographic Length: !at_most 255}}", "at most 255|256"},
        {"{Attributes: {Activation Date: !at_most $NOW}}", NULL},
        {"{Attributes: {Activation Date: !near $NOW+29}}", NULL},
        {"{Attributes: {Activation Date: !near $NOW+30}}", NULL},
        {"{Attributes: {Activation Date: !near $NOW+31}}",
         "1970-01-12T13:47:11Z, give or take 30 s (it is 31 s early)|"},
        {"{Attributes: {Activation Date: !near [$NOW-60, 60s]}}", NULL},
        {"{Attributes: {Activation Date: !near [$NOW-61, 60s]}}",
         "1970-01-12T13:45:39Z, give or take 60 s (it is 61 s late)|"},
        {"{Attributes: {Activation Date: !near [$SERVER_NOW, 90s]}}", NULL},
        {"{Attributes: {Activation Date: !near [$SERVER_NOW, 89s]}}", "1970-01-12T13:48:10Z, give"},
        {"{Attributes: {Cryptographic Usage Mask: !has Encrypt}}", NULL},
        {"{Attributes: {Cryptographic Usage Mask: !has Encrypt | Sign}}",
         "a mask with Sign | Encrypt|Encrypt | Decrypt"},
        {"{Unique Identifier: !length 5}", NULL},
        {"{Unique Identifier: !length 6}", "6 bytes|5 bytes"},
        {"{Unique Identifier: !matches 'key-*'}", NULL},
        {"{Unique Identifier: !matches 'k?y'}", "text that matches 'k?y'|\"key-1\""},
        {"{Attributes: {Cryptographic Length: !matches '2*'}}", "text that matches '2*'|256"},
        {"{Attributes: {Digest: {Digest Value: !length 32}}}", NULL},
        {"{Attributes: {Cryptographic Length: !Integer 256}}", NULL},
    };
    expect_rows(rows, sizeof rows / sizeof *rows, reply_yaml);
}

Test(match, lists_and_sets)
{
    static const struct row rows[] = {
        {"{Attributes: {Name: [second, first]}}", NULL}, /* instances come in any order */
        {"{Attributes: {Name: [first]}}", "Name: no further value|"},
        {"{Attributes: {Name: [first, third]}}", "Name: third among the values|not there"},
        {"{Attributes: {Name: [first, first]}}", "Name: first among the values|not there"},
        {"{Attributes: {Name: !contains [first]}}", NULL},
        {"{Attributes: {Name: !contains first}}", NULL},
        {"{Attributes: {Name: !contains [third]}}", "Name: third among the values|not there"},
        {"{Attributes: {Name: !lacks [third, fourth]}}", NULL},
        {"{Attributes: {Name: !lacks second}}", "Name: not second|"},
        {"{Attributes: {Name: !set [first, second]}}", NULL},
        {"{Attributes: {Name: !set [first]}}", "Name: no further value|"},
        {"{Attributes: {x-none: !lacks [a]}}", NULL},
        {"{Attributes: {x-none: []}}", NULL},
        {"{Attributes: {Name: []}}", "Name: no further value|"},
        {"{Attributes: {Name: !indexed {index: 0, value: first}}}", NULL},
        {"{Attributes: {Name: !indexed {index: 1, value: first}}}", "\"first\"|\"second\""},
        {"{Attributes: {Name: !indexed {index: 2, value: first}}}", "Name: first|not there"},
    };
    expect_rows(rows, sizeof rows / sizeof *rows, reply_yaml);
}

static const char query_yaml[] =
    "Response Message:\n"
    "  Response Header: {Protocol Version: 1.2, Time Stamp: 1000000, Batch Count: 1}\n"
    "  Batch Item:\n"
    "    Operation: Query\n"
    "    Result Status: Success\n"
    "    Response Payload: {Operation: [Create, Get, Destroy], Object Type: [Symmetric Key]}\n";

Test(match, repeated_fields_have_an_order)
{
    static const struct row rows[] = {
        {"{Operation: [Create, Get, Destroy]}", NULL},
        {"{Operation: [Get, Create, Destroy]}", "Get|Create; Create|Get"},
        {"{Operation: [Create, Get]}", "Operation: 2 values|3"},
        {"{Operation: !set [Destroy, Get, Create]}", NULL},
        {"{Operation: !contains [Destroy]}", NULL},
        {"{Operation: !lacks [Locate]}", NULL},
        {"{Operation: !any }", NULL},
        {"{Object Type: Symmetric Key}", NULL},
        {"{Operation: []}", "Operation: 0 values|3"},
    };
    expect_rows(rows, sizeof rows / sizeof *rows, query_yaml);
}

Test(match, exact_allows_no_other_field)
{
    struct tried t;
    match(query_yaml, "{Operation: !any , Object Type: !any }", true, &t);
    cr_expect(t.matched, "%s", mismatch_text(&t.found));
    match(query_yaml, "{Operation: !any }", true, &t);
    cr_expect(!t.matched);
    cr_expect_str_eq(mismatch_text(&t.found), "no further field|there");
}

Test(match, a_variable_binds_once_and_equals_afterwards)
{
    struct tried t;
    match(reply_yaml, "{Unique Identifier: $id, Attributes: {Cryptographic Length: $n}}", false,
          &t);
    cr_expect(t.matched, "%s", mismatch_text(&t.found));
    const struct var *v = vars_find(&b.rn.vars, bytes_str("id"));
    cr_assert(v);
    cr_expect(bytes_eq_str(v->val, "key-1") && v->type == TTLV_TEXT_STRING);
    static const struct row rows[] = {
        {"{Unique Identifier: $id}", NULL},
        {"{Attributes: {Cryptographic Length: $n}}", NULL},
        {"{Attributes: {x-number: $n}}", "256 (Integer) ($n)|7 (Integer)"},
        {"{Attributes: {x-text: !not $id}}", NULL},
        {"{Unique Identifier: !not $id}", "anything but this|\"key-1\""},
        {"{Attributes: {x-text: $id}}", "\"key-1\" ($id)|\"seven\""},
        {"{Attributes: {Cryptographic Length: !at_least $n}}", NULL},
        {"{Attributes: {x-number: !bind n}}", NULL},
        {"{Attributes: {x-number: !bind $n}}", NULL},
    };
    expect_rows(rows, sizeof rows / sizeof *rows, reply_yaml);
}

Test(match, a_structure_can_be_bound_and_compared)
{
    struct tried t;
    match(reply_yaml, "{Attributes: {Digest: $digest}}", false, &t);
    cr_expect(t.matched);
    match(reply_yaml, "{Attributes: {Digest: $digest}}", false, &t);
    cr_expect(t.matched, "%s", mismatch_text(&t.found));
    match(reply_yaml, "{Attributes: {Name: !contains [$name]}}", false, &t);
    match(reply_yaml, "{Attributes: {Digest: $name}}", false, &t);
    cr_expect(!t.matched);
}

Test(match, binding_anew_leaves_the_older_value_to_a_rewind)
{
    struct tried t;
    match(reply_yaml, "{Attributes: {Cryptographic Length: $n}}", false, &t);
    size_t mark = vars_mark(&b.rn.vars);
    match(reply_yaml, "{Attributes: {x-number: !bind n}}", false, &t);
    cr_expect(t.matched);
    cr_expect_eq(be32_get(vars_find(&b.rn.vars, bytes_str("n"))->val.p), 7);
    vars_rewind(&b.rn.vars, mark);
    cr_expect_eq(be32_get(vars_find(&b.rn.vars, bytes_str("n"))->val.p), 256);
}

Test(match, what_does_not_match_in_a_set_binds_nothing)
{
    struct tried t;
    match(query_yaml, "{Operation: !contains [Locate], Object Type: !contains [$t]}", false, &t);
    cr_expect(!t.matched);
    cr_expect(vars_find(&b.rn.vars, bytes_str("t")));
    match(reply_yaml,
          "{Attributes: {Digest: !contains [{Hashing Algorithm: $h, Digest Value: !length 5}]}}",
          false, &t);
    cr_expect(!t.matched);
    cr_expect(!vars_find(&b.rn.vars, bytes_str("h")));
}

Test(match, sha256_of_a_variable)
{
    cr_assert(vars_set(&b.rn.vars, bytes_str("hex"), 0, bytes_str("616263")));
    cr_assert(vars_set(&b.rn.vars, bytes_str("raw"), TTLV_BYTE_STRING, bytes_str("abc")));
    cr_assert(vars_set(&b.rn.vars, bytes_str("other"), TTLV_BYTE_STRING, bytes_str("abd")));
    static const struct row rows[] = {
        {"{Attributes: {Digest: {Digest Value: !sha256 $hex}}}", NULL},
        {"{Attributes: {Digest: {Digest Value: !sha256 $raw}}}", NULL},
        {"{Attributes: {Digest: {Digest Value: !sha256 $other}}}", "the SHA-256 of $other: a52d"},
    };
    expect_rows(rows, sizeof rows / sizeof *rows, reply_yaml);
}

Test(match, a_mismatch_has_its_place)
{
    struct tried t;
    match(reply_yaml, "{Attributes: {State: Destroyed}}", false, &t);
    cr_assert_eq(t.found.n, 1);
    cr_expect_str_eq(t.found.v[0].path,
                     "Response Message/Batch Item/Response Payload/Attribute[0]/Attribute Value");
    cr_expect(t.found.v[0].off > 0 && t.found.v[0].off != KERR_NO_OFF);
    cr_expect(t.found.v[0].must && t.found.v[0].rule[0] == 0);
}

Test(match, secrets_are_compared_but_not_shown)
{
    static const char get_yaml[] =
        "Response Message:\n"
        "  Response Header: {Protocol Version: 1.2, Time Stamp: 1000000, Batch Count: 1}\n"
        "  Batch Item:\n"
        "    Operation: Decrypt\n"
        "    Result Status: Success\n"
        "    Response Payload: {Unique Identifier: k, Data: 00112233}\n";
    struct tried t;
    match(get_yaml, "{Data: '00112233'}", false, &t);
    cr_expect(t.matched);
    match(get_yaml, "{Data: 'ffeeddcc'}", false, &t);
    cr_expect(!t.matched);
    const char *text = mismatch_text(&t.found);
    cr_expect(!strstr(text, "ffeedd") && !strstr(text, "001122"), "%s", text);
}

Test(match, more_mismatches_than_are_kept_are_counted)
{
    struct tried t;
    char want[4096] = "{Attributes: {";
    for (int i = 0; i < MISMATCH_MAX + 3; i++)
        snprintf(want + strlen(want), sizeof want - strlen(want), "x-%d: 1, ", i);
    strcat(want, "}}");
    match(reply_yaml, want, false, &t);
    cr_expect_eq(t.found.n, MISMATCH_MAX);
    cr_expect_eq(t.found.dropped, 3);
}

Test(match, a_case_that_cannot_be_understood_is_an_error_with_its_place)
{
    static const struct {
        const char *want, *told;
    } rows[] = {
        {"{Nonsense: 1}", "want.yaml:1:2: 'Nonsense' is no field of the standard"},
        {"{Attributes: [a]}", "want.yaml:1:14: Attributes: expected a map"},
        {"{Unique Identifier: !length x}", "want.yaml:1:21: !length takes a number"},
        {"{Unique Identifier: !one_of x}", "want.yaml:1:21: !one_of takes a list"},
        {"{Unique Identifier: !sha256 $x}", "want.yaml:1:21: !sha256 takes a bound variable"},
        {"{Unique Identifier: !at_least a}", "want.yaml:1:21: !at_least compares numbers"},
        {"{Unique Identifier: !not $x}", "want.yaml:1:21: !not: no variable '$x' is bound"},
        {"{Attributes: {Activation Date: !near [1, 2, 3]}}", "want.yaml:1:32: !near takes a date"},
        {"{Attributes: {Name: !indexed {value: a}}}", "want.yaml:1:21: !indexed takes"},
        {"{Attributes: {State: [!absent x]}}", "want.yaml:1:23: !absent stands with a field"},
        {"{Attributes: {Cryptographic Length: many}}", "want.yaml:1:37: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tried t;
        match(reply_yaml, rows[i].want, false, &t);
        cr_expect(!t.matched, "%s", rows[i].want);
        cr_expect(strstr(t.err.msg, rows[i].told) == t.err.msg, "%s: %s", rows[i].want, t.err.msg);
        cr_expect_eq(kerr_exit(&t.err), t.err.cls == KERR_CLASS_CONFIG ? 2 : 5, "%s", rows[i].want);
    }
}

/* ---- check steps ------------------------------------------------------------ */

Test(match, check_compares_variables)
{
    uint8_t five[4] = {0, 0, 0, 5}, nine[4] = {0, 0, 0, 9};
    cr_assert(vars_set(&b.rn.vars, bytes_str("five"), TTLV_INTEGER, bytes_of(five, 4)));
    cr_assert(vars_set(&b.rn.vars, bytes_str("nine"), TTLV_INTEGER, bytes_of(nine, 4)));
    static const struct {
        const char *that, *other;
        enum relation relation;
        bool holds;
    } rows[] = {
        {"$five", "$five", RELATION_EQUALS, true},    {"$five", "$nine", RELATION_EQUALS, false},
        {"$five", "5", RELATION_EQUALS, true},        {"$five", "$nine", RELATION_DIFFERS, true},
        {"$five", "$five", RELATION_DIFFERS, false},  {"$nine", "$five", RELATION_AT_LEAST, true},
        {"$five", "$nine", RELATION_AT_LEAST, false}, {"$five", "$nine", RELATION_AT_MOST, true},
        {"$nine", "5", RELATION_AT_MOST, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ydoc doc = {0};
        struct kerr err = KERR_INIT;
        struct mismatches found = {.n = 0};
        char text[100];
        snprintf(text, sizeof text, "[%s, %s]", rows[i].that, rows[i].other);
        cr_assert(ydoc_parse(&doc, "c.yaml", bytes_str(text), &err), "%s", err.msg);
        struct matcher m = {
            .vars = &b.rn.vars, .arena = &b.rn.result->arena, .out = &found, .err = &err};
        bool holds = match_relation(&m, doc.root->vals[0], rows[i].relation, doc.root->vals[1]);
        cr_expect_eq(holds, rows[i].holds, "%s: %s %s", text, mismatch_text(&found), err.msg);
        ydoc_clear(&doc);
    }
}
