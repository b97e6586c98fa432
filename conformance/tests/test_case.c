/* Reading cases: what a mistake is told as, and where. */
#include "conformance/tests/cases.h"

#include "conformance/requirement.h"

static struct tmpdir dir;

static void set_up(void)
{
    tmpdir_make(&dir);
}

static void tear_down(void)
{
    requirements_clear();
    tmpdir_remove(&dir);
}

TestSuite(cases, .init = set_up, .fini = tear_down, .timeout = 30);

/* Loads a text; the message without the folder's name in err. */
static struct test_case *load(const char *text, struct kerr *err)
{
    *err = (struct kerr)KERR_INIT;
    return case_load(tmpdir_write(&dir, "c.yaml", text), "suite", err);
}

struct bad {
    const char *name, *text, *told; /* told: from "c.yaml:" on */
};

static void expect_told(const struct bad *rows, size_t n, const char *head)
{
    for (size_t i = 0; i < n; i++) {
        struct kerr err;
        char text[4096];
        snprintf(text, sizeof text, "%s%s", head, rows[i].text);
        struct test_case *c = load(text, &err);
        cr_expect(!c, "%s: taken", rows[i].name);
        const char *from = strstr(err.msg, "c.yaml");
        cr_expect(from && strstr(from, rows[i].told) == from, "%s: %s", rows[i].name, err.msg);
        cr_expect_eq(kerr_exit(&err), 2, "%s", rows[i].name);
        case_free(&c);
    }
}

Test(cases, a_file_that_is_wrong_says_where)
{
    static const struct bad rows[] = {
        {"empty", "", "c.yaml: the file is empty"},
        {"no map", "- a\n", "c.yaml:1:1: expected a map"},
        {"syntax", "id: [\n", "c.yaml:"},
        {"no id", "title: t\nclause: c\nlevel: MUST\nsteps: [{wait: 1s}]\n", "c.yaml:1:1: "},
        {"unknown key", HEAD "colour: red\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:1: unknown key 'colour'"},
        {"near key", HEAD "step: [{wait: 1s}]\n",
         "c.yaml:5:1: unknown key 'step'; did you mean 'steps'?"},
        {"bad level", "id: a\ntitle: t\nclause: c\nlevel: MUSTN\nsteps: [{wait: 1s}]\n",
         "c.yaml:4:8: 'MUSTN' is not a value of level; one of: MUST, SHOULD, MAY"},
        {"bad id", "id: A b\ntitle: t\nclause: c\nlevel: MAY\nsteps: [{wait: 1s}]\n",
         "c.yaml:1:5: an id has lower-case letters"},
        {"empty id", "id: ''\ntitle: t\nclause: c\nlevel: MAY\nsteps: [{wait: 1s}]\n",
         "c.yaml:1:5: the id is empty"},
        {"no steps", HEAD, "c.yaml:1:1: "},
        {"steps no list", HEAD "steps: {a: b}\n", "c.yaml:5:8: steps: expected a list of steps"},
        {"steps empty", HEAD "steps: []\n", "c.yaml:5:8: steps: expected a list of steps"},
        {"bad needs", HEAD "needs: {operations: [Creat]}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:22: 'Creat' is no Operation of the standard; did you mean 'Create'?"},
        {"bad object type", HEAD "needs: {objects: Key}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:18: 'Key' is no Object Type of the standard"},
        {"bad version", HEAD "needs: {versions: [one]}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:20: 'one' is no protocol version such as 1.2"},
        {"three identities", HEAD "needs: {identities: 3}\nsteps: [{wait: 1s}]\n", "c.yaml:5:21: "},
        {"mock of nothing", HEAD "mock: {otherwise: x}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:7: mock: what is it to be? clock or preload is missing"},
        {"mock without a reason", HEAD "mock: {preload: states}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:7: "},
        {"mock of no date", HEAD "mock: {clock: noon, otherwise: x}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:15: clock: 'noon' is no date such as 2010-02-11T13:01:59Z"},
        {"vars no map", HEAD "vars: [a]\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:7: vars: expected a map"},
        {"bad variable", HEAD "vars: {my-key: 1}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:8: 'my-key' is no name of a variable"},
        {"taken variable", HEAD "vars: {RUN: 1}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:8: $RUN has a meaning already"},
        {"objects no map", HEAD "objects: [a]\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:10: objects: expected a map"},
        {"bad state", HEAD "objects: {k: {state: Alive}}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:22: 'Alive' is not a value of state"},
        {"bad algorithm", HEAD "objects: {k: {algorithm: ROT13}}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:14: 'ROT13' is no Cryptographic Algorithm of the standard"},
        {"unknown object key", HEAD "objects: {k: {colour: red}}\nsteps: [{wait: 1s}]\n",
         "c.yaml:5:15: unknown key 'colour'"},
    };
    expect_told(rows, sizeof rows / sizeof *rows, "");
}

Test(cases, a_step_that_is_wrong_says_where)
{
    static const struct bad rows[] = {
        {"nothing", "  - note: x\n", "c.yaml:6:5: a step needs one of: operation, batch"},
        {"two kinds", "  - operation: Get\n    wait: 1s\n",
         "c.yaml:6:5: a step has either 'operation' or 'wait'"},
        {"two kinds again", "  - {batch: [{operation: Get}], raw: 00}\n",
         "c.yaml:6:5: a step has either 'batch' or 'raw'"},
        {"unknown operation", "  - operation: Gets\n",
         "c.yaml:6:16: 'Gets' is no Operation of the standard; did you mean 'Get'?"},
        {"unknown key", "  - {operation: Get, payloads: {}}\n",
         "c.yaml:6:22: unknown key 'payloads'; did you mean 'payload'?"},
        {"payload of raw", "  - {raw: '00', payload: {}}\n",
         "c.yaml:6:26: 'payload' means nothing beside 'raw'"},
        {"client of wait", "  - {wait: 1s, client: main}\n",
         "c.yaml:6:24: 'client' means nothing beside 'wait'"},
        {"id of batch", "  - {batch: [{operation: Get}], id: auto}\n",
         "c.yaml:6:37: 'id' means nothing beside 'batch'"},
        {"announced of batch", "  - {batch: [{operation: Get}], announced: true}\n",
         "c.yaml:6:44: 'announced' means nothing beside 'batch'"},
        {"empty batch", "  - batch: []\n", "c.yaml:6:12: batch: expected a list of items"},
        {"bad wait", "  - wait: soon\n", "c.yaml:6:11: "},
        {"bad repeat", "  - {operation: Get, repeat: {every: 1s}}\n", "c.yaml:6:30: "},
        {"bad version", "  - {operation: Get, version: x}\n",
         "c.yaml:6:31: 'x' is no protocol version"},
        {"unknown client", "  - {operation: Get, client: third}\n",
         "c.yaml:6:30: there is no client 'third'"},
        {"client before its connect", "  - {operation: Get, client: c}\n  - connect: {client: c}\n",
         "c.yaml:6:30: there is no client 'c'"},
        {"close of nobody", "  - close: c\n", "c.yaml:6:12: there is no client 'c'"},
        {"connect as", "  - connect: {client: c, as: root}\n",
         "c.yaml:6:30: 'root' is not a value of as; one of: main, other, anonymous"},
        {"connect expects a reply", "  - {connect: {client: c}, expect: {connection: closed}}\n",
         "c.yaml:6:36: connect expects {connection: open}"},
        {"request expects open", "  - {operation: Get, expect: {connection: open}}\n",
         "c.yaml:6:30: a request expects {connection: closed}"},
        {"check", "  - check: {that: $a}\n", "c.yaml:6:12: check: expected {that: $a"},
        {"check relation", "  - check: {that: $a, like: $b}\n", "c.yaml:6:12: check: expected"},
        {"let", "  - let: x\n", "c.yaml:6:10: let: expected a map"},
        {"header", "  - {operation: Get, header: 5}\n", "c.yaml:6:30: header: expected a map"},
        {"payload field", "  - {operation: Get, payload: {Unique Identifer: a}}\n",
         "c.yaml:6:32: 'Unique Identifer' is no field of the standard; did you mean "
         "'Unique Identifier'?"},
        {"payload enumeration", "  - {operation: Create, payload: {Object Type: Key}}\n",
         "c.yaml:6:48: "},
        {"payload attribute",
         "  - {operation: Create, payload: {Template-Attribute: {Attributes: "
         "{Cryptographic Lenght: 128}}}}\n",
         "c.yaml:6:69: 'Cryptographic Lenght' is no attribute; did you mean 'Cryptographic "
         "Length'?"},
        {"payload attribute value",
         "  - {operation: Create, payload: {Template-Attribute: {Attributes: {State: Live}}}}\n",
         "c.yaml:6:76: State: "},
    };
    expect_told(rows, sizeof rows / sizeof *rows, HEAD "steps:\n");
}

Test(cases, an_expectation_that_is_wrong_says_where)
{
    static const struct bad rows[] = {
        {"word", "fine\n", "c.yaml:7:13: expect: 'success', 'none' or a map, not 'fine'"},
        {"none alone", "none\n", "c.yaml:7:13: expect: none belongs to an item of a batch"},
        {"unknown key", "{payloads: {}}\n", "c.yaml:7:14: unknown key 'payloads'"},
        {"status", "{status: Fine}\n", "c.yaml:7:22: 'Fine' is no Result Status"},
        {"reason", "{fail: Not Found}\n", "c.yaml:7:20: 'Not Found' is no Result Reason"},
        {"reason's form", "{fail: !has Item Not Found}\n",
         "c.yaml:7:20: fail: '!has' means nothing"},
        {"no reasons", "{fail: []}\n", "c.yaml:7:20: fail: the list is empty"},
        {"status and fail", "{status: Success, fail: any}\n",
         "c.yaml:7:37: either 'status' or 'fail'"},
        {"any_of", "{any_of: []}\n", "c.yaml:7:22: any_of: expected a list"},
        {"beside any_of", "{any_of: [success], fail: any}\n",
         "c.yaml:7:13: beside any_of only 'header' may stand"},
        {"verdict at the top", "{verdict: WARN, because: x}\n",
         "c.yaml:7:13: verdict and because belong to an alternative"},
        {"verdict's name", "{any_of: [{verdict: MAYBE, because: x}]}\n",
         "c.yaml:7:33: 'MAYBE' is not a value of verdict"},
        {"verdict without because", "{any_of: [{verdict: WARN}]}\n",
         "c.yaml:7:23: a verdict other than PASS needs its 'because'"},
        {"connection", "{connection: lost}\n", "c.yaml:7:26: 'lost' is not a value of connection"},
        {"closed with payload", "{connection: closed, payload: {}}\n",
         "c.yaml:7:13: where there is no reply"},
        {"operation", "{operation: Get}\n", "c.yaml:7:25: 'Get' is not a value of operation"},
        {"exact", "{exact: true}\n", "c.yaml:7:13: 'exact' needs a payload"},
        {"empty and payload", "{empty: true, payload: {}}\n",
         "c.yaml:7:13: either 'empty' or 'payload'"},
        {"field", "{payload: {State: Active, Statte: x}}\n", "c.yaml:7:39: 'Statte' is no field"},
        {"form", "{payload: {Unique Identifier: !anny x}}\n",
         "c.yaml:7:43: '!anny' is no form of value"},
        {"enumeration", "{payload: {Attributes: {State: Actve}}}\n", "c.yaml:7:44: "},
        {"enumeration in a form", "{payload: {Attributes: {State: !one_of [Active, Dead]}}}\n",
         "c.yaml:7:61: State: "},
        {"enumeration in an alternative",
         "{any_of: [success, {payload: {Attributes: {State: Actve}}}]}\n", "c.yaml:7:63: "},
        {"header field", "{header: {Btach Count: 1}}\n", "c.yaml:7:23: 'Btach Count' is no field"},
    };
    expect_told(rows, sizeof rows / sizeof *rows,
                HEAD "steps:\n  - operation: Get Attributes\n    expect: ");
}

Test(cases, a_variable_that_is_wrong_says_where)
{
    static const struct bad rows[] = {
        {"never bound", "  - {operation: Get, payload: {Unique Identifier: $kye}}\n",
         "c.yaml:8:51: no variable $kye is bound before this"},
        {"within a text", "  - {operation: Get, payload: {Unique Identifier: \"a-${kye}\"}}\n",
         "c.yaml:8:51: no variable $kye is bound before this"},
        {"bound later",
         "  - {operation: Get, payload: {Unique Identifier: $u}}\n"
         "  - {operation: Get, expect: {payload: {Unique Identifier: $u}}}\n",
         "c.yaml:8:51: no variable $u is bound before this"},
        {"in a condition", "  - {operation: Get, unless: $kye}\n", "c.yaml:8:5: no variable $kye"},
        {"in a check", "  - {check: {that: $kye, equals: $key}}\n", "c.yaml:8:20: no variable $kye"},
        {"in a let", "  - {let: {a: \"${kye}\"}}\n", "c.yaml:8:15: no variable $kye"},
        {"in a form", "  - {operation: Get, expect: {payload: {Unique Identifier: !not $kye}}}\n",
         "c.yaml:8:60: no variable $kye"},
        {"of the header", "  - {operation: Get, header: {Time Stamp: $kye}}\n",
         "c.yaml:8:43: no variable $kye"},
        /* It would bind whatever comes. */
        {"bound in vain", "  - {operation: Get, expect: {payload: {Unique Identifier: $kye}}}\n",
         "c.yaml:8:60: $kye is bound here, and nothing uses it: is it a slip?"},
        {"bound in vain in an alternative",
         "  - {operation: Get, expect: {any_of: [{fail: any}, {payload: {Unique Identifier: "
         "$kye}}]}}\n",
         "c.yaml:8:83: $kye is bound here"},
        {"!length", "  - {operation: Get, expect: {payload: {Unique Identifier: !length abc}}}\n",
         "c.yaml:8:60: !length takes a number of bytes"},
        {"!near", "  - {operation: Get, expect: {header: {Time Stamp: !near [$NOW, soon]}}}\n",
         "c.yaml:8:52: !near takes a date, or [date, tolerance]"},
        {"!sha256", "  - {operation: Get, expect: {payload: {Data: !sha256 abc}}}\n",
         "c.yaml:8:47: !sha256 takes a bound variable"},
        {"!bind", "  - {operation: Get, expect: {payload: {Data: !bind a-b}}}\n",
         "c.yaml:8:47: 'a-b' is no name of a variable"},
    };
    expect_told(rows, sizeof rows / sizeof *rows,
                HEAD "vars: {v: 1}\nobjects: {key: {}}\nsteps:\n");
}

Test(cases, a_variable_may_be_bound_in_many_ways)
{
    static const char *const steps[] = {
        "  - {operation: Get, payload: {Unique Identifier: $key}}\n",
        "  - {operation: Get, payload: {Unique Identifier: $RUN-none}}\n",
        "  - {operation: Get, payload: {Unique Identifier: \"a$$b-${v}-${NOW-3600}\"}}\n",
        "  - {operation: Get, expect: {payload: {Unique Identifier: !bind u}}}\n",
        "  - {operation: Get, expect: {payload: {Unique Identifier: $u}}}\n"
        "  - {operation: Get, expect: {payload: {Unique Identifier: $u}}}\n",
        "  - {operation: Get, expect: {payload: {Unique Identifier: $u}}}\n"
        "  - {operation: Get, when: u}\n",
        "  - {let: {a: \"${v}\"}}\n  - {check: {that: $a, equals: $v}}\n",
        "  - {connect: {client: c}}\n  - {operation: Query, client: c, when: $c}\n",
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char text[2000];
        struct kerr err;
        snprintf(text, sizeof text, HEAD "vars: {v: 1}\nobjects: {key: {}}\nsteps:\n%s", steps[i]);
        struct test_case *c = load(text, &err);
        cr_expect(c, "%s: %s", steps[i], err.msg);
        case_free(&c);
    }
}

/* Bits that a key of the case has, and whether the case is particular about them. */
static const struct length {
    const char *object;
    int64_t bits;
    bool chosen;
} lengths[] = {
    {"{}", 128, false},
    {"{length: 192}", 192, true},
    {"{material: 000102030405060708090a0b0c0d0e0f1011121314151617}", 192, false},
    {"{material: 00, length: 256}", 256, true},
    {"{algorithm: 3DES, material: 000102030405060708090a0b0c0d0e0f1011121314151617}", 128,
     false},
};

Test(cases, keys_are_as_long_as_their_material)
{
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct kerr err;
        char text[600];
        snprintf(text, sizeof text,
                 HEAD "objects: {key: %s}\nsteps: [{operation: Get, payload: {Unique Identifier: "
                      "$key}}]\n",
                 lengths[i].object);
        struct test_case *c = load(text, &err);
        cr_assert(c, "%s: %s", lengths[i].object, err.msg);
        cr_expect_eq(c->objects[0].length, lengths[i].bits, "%s", lengths[i].object);
        cr_expect_eq(c->objects[0].has_length, lengths[i].chosen, "%s", lengths[i].object);
        case_free(&c);
    }
}

Test(cases, what_is_right_is_read_as_written)
{
    struct kerr err;
    struct test_case *c =
        load(HEAD "needs: {operations: [Create, 0x80000001], versions: [1.1]}\n"
                  "vars: {k16: 00ff, x: 1, a: 2}\n"
                  "mock: {clock: 2010-02-11T13:01:59Z, preload: states, otherwise: its day}\n"
                  "objects: {key: {state: Active, client: other}}\n"
                  "steps:\n"
                  "  - {operation: Get, async: true, unless: $x, expect: {fail: [Item Not Found, "
                  "!not General Failure]}}\n"
                  "  - batch:\n"
                  "      - {operation: Create, id: none, expect: none}\n"
                  "      - operation: Get\n"
                  "    expect: {any_of: [{status: Operation Undone}, {fail: any, verdict: WARN, "
                  "because: x}]}\n"
                  "  - {connect: {client: c, as: anonymous}, expect: {connection: refused}}\n"
                  "  - {operation: Query, client: c, within: 2s, announced: false}\n"
                  "  - check: {that: $a, at_least: 5}\n",
             &err);
    cr_assert(c, "%s", err.msg);
    cr_expect_eq(c->needs_operations[0], KMIP_OPERATION_CREATE);
    cr_expect_eq(c->needs_operations[1], 0x80000001u);
    cr_expect_eq(c->needs_identities, 2, "an object of the other client needs its certificates");
    cr_expect_eq(c->objects[0].state, OBJECT_ACTIVE);
    cr_expect(c->mock.has_clock && c->mock.preload);
    cr_expect_eq(c->mock.clock_s, 1265893319);
    cr_expect_str_eq(c->mock.otherwise, "its day");
    const struct case_step *s = c->steps;
    cr_expect(s[0].async && strcmp(s[0].unless, "x") == 0);
    cr_expect_eq(s[0].expect.n_reasons, 2);
    cr_expect(s[0].expect.reasons[1].other && !s[0].expect.reasons[0].other);
    cr_expect(s[1].batch && s[1].items[0].expect.none && !s[1].items[1].expect.none);
    cr_expect_eq(s[1].expect.n_any_of, 2);
    cr_expect_eq(s[1].expect.any_of[0].status, KMIP_RESULT_STATUS_OPERATION_UNDONE);
    cr_expect_eq(s[1].expect.any_of[1].verdict, VERDICT_WARN);
    cr_expect_eq(s[2].expect.connection, CONNECTION_REFUSED);
    cr_expect_eq(s[3].announced, UNANNOUNCED_ONLY);
    cr_expect_eq(s[4].relation, RELATION_AT_LEAST);
    case_free(&c);
}

/* ---- requirement rows ------------------------------------------------------- */

static const char rows_text[] = "# rows\n"
                                "row\tprofile\tclause\tmark\trequirement\twithout_case\n"
                                "A-1\tbaseline-server\t4.1\tS\tfirst\t\n"
                                "A-2\tbaseline-server\t4.2\tM\tsecond\tcannot be seen\n"
                                "A-4\tbaseline-server\t4.4\tT M\tthird\t\n";

Test(cases, rows_are_read_with_what_they_say)
{
    struct kerr err = KERR_INIT;
    cr_assert(requirements_load(tmpdir_write(&dir, "r.tsv", rows_text), &err), "%s", err.msg);
    cr_expect_eq(requirements_count(), 3);
    const struct requirement *q = requirement_find("A-2");
    cr_assert(q);
    cr_expect(q->provisional && strcmp(q->without_case, "cannot be seen") == 0);
    cr_expect(!requirement_find("A-1")->provisional);
    cr_expect(requirement_find("A-4")->provisional, "in part from memory");
    cr_expect(!requirement_find("A-3"));
}

Test(cases, rows_that_are_wrong_say_where)
{
    static const struct bad rows[] = {
        {"columns", "row\tprofile\n", "r.tsv:1: expected 6 columns separated by tabs"},
        {"too many", "a\tb\tc\td\te\tf\tg\n", "r.tsv:1: expected 6 columns"},
        {"twice", "row\tp\tc\tm\tr\tw\nA\tp\tc\tS\tr\t\nA\tp\tc\tS\tr\t\n",
         "r.tsv:3: row A is there twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        cr_expect(!requirements_load(tmpdir_write(&dir, "r.tsv", rows[i].text), &err), "%s",
                  rows[i].name);
        const char *from = strstr(err.msg, "r.tsv");
        cr_expect(from && strstr(from, rows[i].told) == from, "%s: %s", rows[i].name, err.msg);
        cr_expect(!requirements_loaded());
    }
}

Test(cases, covers_rows_that_exist_and_is_provisional_with_all_of_them)
{
    struct kerr err = KERR_INIT;
    static const char steps[] = "steps: [{wait: 1s}]\n";
    char text[1024];
    struct test_case *c;
    cr_assert(requirements_load(tmpdir_write(&dir, "r.tsv", rows_text), &err), "%s", err.msg);
    static const struct {
        const char *covers, *told;
        bool provisional;
    } rows[] = {{"[A-2]", NULL, true},
                {"[A-1, A-2]", NULL, false},
                {"[A-2, A-4]", NULL, true},
                {"A-1", NULL, false},
                {"[A-9]", "c.yaml:5:10: there is no requirement row 'A-9'", false},
                {"[A-1, A-1]", "c.yaml:5:15: row 'A-1' is listed twice", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, HEAD "covers: %s\n%s", rows[i].covers, steps);
        c = load(text, &err);
        cr_expect_eq(c != NULL, rows[i].told == NULL, "%s: %s", rows[i].covers, err.msg);
        cr_expect(c || strstr(err.msg, rows[i].told), "%s", err.msg);
        cr_expect(!c || c->provisional == rows[i].provisional, "%s", rows[i].covers);
        case_free(&c);
    }
}
