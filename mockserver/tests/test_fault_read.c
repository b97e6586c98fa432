/* Declarations of faults: what is taken, and what wrong ones are told. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "mockserver/fault_action.h"

TestSuite(fault_read, .timeout = 20);

static bool read_list(const char *yaml, struct fault_list *l, struct kerr *err)
{
    struct ydoc doc;
    if (!ydoc_parse(&doc, "f.yaml", bytes_str(yaml), err))
        return false;
    bool ok = fault_list_read(doc.root, l, err);
    ydoc_clear(&doc);
    return ok;
}

/* Every action, in each way its parameters may be written. */
static const char *const right[] = {
    "result",
    "{result: Item Not Found}",
    "{result: {status: Operation Failed, reason: 9, message: no, performed: yes}}",
    "{set: {field: Response Header/Batch Count, value: 7}}",
    "{set: {field: Batch Item/Response Payload/MAC/Signature, value: 00}}",
    "{set: {field: 'Response Message/Batch Item[3]/0x54AA01', value: !ByteString 00ff}}",
    "{insert: {field: Batch Item/Response Payload/Key Value, value: {}, position: first}}",
    "{remove: Batch Item/Operation}",
    "wrong_batch_id",
    "no_batch_id",
    "wrong_type",
    "{wrong_type: {field: Response Header/Time Stamp, type: Interval}}",
    "{wrong_type: {type: 0x0B}}",
    "wrong_version",
    "{wrong_version: '1.10'}",
    "{move: Response Header/Time Stamp}",
    "{move: {field: Batch Item, position: first}}",
    "{repeat: Batch Item/Result Status}",
    "{overwrite: {type: Boolean, bytes: '0000000000000002'}}",
    "{overwrite: {field: Batch Item/Response Payload/Unique Identifier, bytes: ff}}",
    "{truncate: 10}",
    "{truncate: {at: -1}}",
    "corrupt",
    "{corrupt: {offset: 3, bits: 8}}",
    "{length: {plus: 1}}",
    "{length: {minus: 8, field: Batch Item}}",
    "{length: {huge: true}}",
    "bad_padding",
    "{bad_padding: {byte: 1}}",
    "not_ttlv",
    "{not_ttlv: xml}",
    "reorder",
    "{reorder: 8}",
    "{reorder: {window: 3, max_wait: 1s, order: [3, 1, 2]}}",
    "{reorder: {order: reverse}}",
    "{delay: 200ms}",
    "{delay: {uniform: [1ms, 2s]}}",
    "{delay: {lognormal: {median: 20ms, sigma: 0.7}}}",
    "coalesce",
    "{coalesce: {count: 3, max_wait: 1ms}}",
    "{split: {sizes: [1, 2, 3], pause: 5ms}}",
    "{split: 1}",
    "duplicate",
    "{duplicate: {copies: 3}}",
    "drop",
    "swap_replies",
    "close",
    "{close: after}",
    "{reset: {when: before}}",
    "half_close",
    "{close_after: 12}",
    "{close_after: {bytes: 12, how: reset}}",
    "stall",
    "{stall: {for: 5s, bytes: 8}}",
    "{bandwidth: 9600}",
    "{idle_close: 30s}",
    "no_close_notify",
    "{clock: {offset: -90s, rate: 2, applies_to: time_stamp}}",
    "refuse",
    "{refuse: {count: 3}}",
    "handshake_stall",
    "{handshake_stall: 3s}",
    "alert",
    "{alert: unknown_ca}",
    "{certificate: expired}",
    "{certificate: {is: wrong_name}}",
    "{compound_create: reject}",
    "{compound_create: {is: delay, by: 5s}}",
    "{custom_attributes: ignore}",
    "{custom_attributes: {is: truncate, length: 8}}",
    "{activate: delayed}",
    "{activate: {is: delayed, by: 2m}}",
    "{session_revoked: 24h}",
    "{session_revoked: {after: 24h, message: gone}}",
    "{not_supported: Locate}",
    "{not_supported: {operations: [Locate, Re-key]}}",
    "{hidden: [Encrypt, Decrypt]}",
};

Test(fault_read, takes_every_action)
{
    bool seen[128] = {false};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct fault_list l;
        struct kerr err = KERR_INIT;
        char yaml[300];
        snprintf(yaml, sizeof yaml, "{action: %s}", right[i]);
        cr_expect(read_list(yaml, &l, &err), "%s: %s", right[i], err.msg);
        for (size_t a = 0; l.n == 1 && fault_action_at(a); a++)
            seen[a] = seen[a] || fault_action_at(a) == l.v[0]->action;
        fault_list_clear(&l);
    }
    for (size_t a = 0; fault_action_at(a); a++)
        cr_expect(seen[a], "%s is in no row", fault_action_name(fault_action_at(a)));
}

Test(fault_read, every_action_says_what_it_does)
{
    for (size_t a = 0; fault_action_at(a); a++) {
        const struct fault_action *action = fault_action_at(a);
        cr_expect(action->help && action->apply, "%s", action->name);
        for (const struct yfield *f = action->fields; f && f->key; f++)
            cr_expect(f->help, "%s.%s", action->name, f->key);
        for (size_t b = 0; b < a; b++)
            cr_expect_str_neq(fault_action_at(b)->name, action->name);
    }
}

Test(fault_read, keeps_what_is_declared)
{
    struct fault_list l;
    struct kerr err = KERR_INIT;
    cr_assert(read_list("- name: n\n  match: {operation: [Create, Get], nth: 2, of: server, "
                        "connection: 3, client: c*,\n          unique_identifier: u, state: "
                        "{scenario: s, is: t}}\n  action: drop\n  count: always\n"
                        "  per: connection\n"
                        "  probability: 0.25\n  then: v\n- action: refuse\n",
                        &l, &err),
              "%s", err.msg);
    const struct fault *f = l.v[0];
    cr_expect_str_eq(f->name, "n");
    cr_expect(f->match.operations.n == 2 && f->match.operations.v[1] == KMIP_OPERATION_GET);
    cr_expect(f->match.nth == 2 && f->match.nth_of_server && f->match.connection == 3);
    cr_expect_str_eq(f->match.client, "c*");
    cr_expect_str_eq(f->match.uid, "u");
    cr_expect_str_eq(f->match.state, "t");
    cr_expect(f->count == FAULT_ALWAYS && f->per == FAULT_PER_CONNECTION && f->probability == 0.25);
    cr_expect_str_eq(f->then_scenario, "s");
    cr_expect_str_eq(f->then_state, "v");
    f = l.v[1];
    cr_expect_str_eq(f->name, "refuse");
    cr_expect(f->count == 1 && f->probability == 1 && f->per == FAULT_PER_SERVER);
    fault_list_clear(&l);
}

Test(fault_read, takes_no_faults_too)
{
    struct fault_list l;
    struct kerr err = KERR_INIT;
    cr_assert(read_list("[]", &l, &err));
    cr_expect_eq(l.n, 0);
    fault_list_clear(&l);
    cr_assert(read_list("~", &l, &err));
    cr_expect_eq(l.n, 0);
    fault_list_clear(&l);
}

/* What is told must hold each of the words. */
static const struct wrong {
    const char *yaml, *words[3];
} wrongs[] = {
    {"{action: dropp}", {"f.yaml:1:10", "no action 'dropp'", "did you mean 'drop'"}},
    {"{action: zzzzzzzzzz}", {"there are: result, set"}},
    {"{match: {}}", {"f.yaml:1:1", "'action' is missing"}},
    {"5", {"f.yaml:1:1", "expected a map"}},
    {"{action: {drop: , close: }}", {"f.yaml:1:10", "a map of one"}},
    {"{action: [drop]}", {"f.yaml:1:10", "a map of one"}},
    {"{action: {drop: 5}}", {"f.yaml:1:17", "takes no parameters"}},
    {"{action: delay}", {"f.yaml:1:10", "delay needs parameters"}},
    {"{action: {delay: {fixd: 1s}}}", {"f.yaml:1:19", "did you mean 'fixed'"}},
    {"{action: {delay: {}}}", {"one of fixed, uniform and lognormal"}},
    {"{action: {delay: {fixed: 1s, uniform: [1s, 2s]}}}", {"one of fixed"}},
    {"{action: {delay: {uniform: [2s, 1s]}}}", {"f.yaml:1:33", "between 2s"}},
    {"{action: {delay: {lognormal: {median: 1s}}}}", {"'sigma' is missing"}},
    {"{action: {delay: 2d}}", {"f.yaml:1:18", "fixed must lie between"}},
    {"{action: drop, nme: x}", {"f.yaml:1:16", "did you mean 'name'"}},
    {"{action: drop, name: ''}", {"f.yaml:1:22", "empty"}},
    {"[{action: drop, name: x}, {name: x, action: drop}]",
     {"f.yaml:1:34", "there is a fault named 'x'"}},
    {"{action: drop, count: 0}", {"f.yaml:1:23", "or always", "'0'"}},
    {"{action: drop, count: [1]}", {"f.yaml:1:23", "or always"}},
    {"{action: drop, per: me}", {"f.yaml:1:21", "client, connection, server"}},
    {"{action: drop, probability: 1.5}", {"f.yaml:1:29", "between 0 and 1"}},
    {"{action: drop, probability: likely}", {"f.yaml:1:29", "a number such as 0.25"}},
    {"{action: drop, match: {operation: Creat}}", {"f.yaml:1:35", "did you mean 'Create'"}},
    {"{action: drop, match: {operation: []}}", {"f.yaml:1:35", "is empty"}},
    {"{action: drop, match: {nth: 0}}", {"f.yaml:1:29", "from 1"}},
    {"{action: drop, match: {of: server}}", {"f.yaml:1:28", "nth is missing"}},
    {"{action: drop, match: {state: x}}", {"f.yaml:1:31", "expected a map"}},
    {"{action: drop, match: {state: {scenario: x}}}", {"f.yaml:1:31", "'is' is missing"}},
    {"{action: drop, then: up}", {"f.yaml:1:22", "of which scenario"}},
    {"{action: refuse, match: {operation: Get}}", {"f.yaml:1:25", "before TLS"}},
    {"{action: alert, match: {client: x}}", {"before TLS"}},
    {"{action: {certificate: expired}, per: client}", {"f.yaml:1:39", "per server"}},
    {"{action: {refuse: 3}, count: 2}", {"has a count already"}},
    {"{action: {certificate: old}}", {"f.yaml:1:24", "expired, not_yet_valid"}},
    {"{action: {remove: Batch Item/Operaton}}", {"f.yaml:1:19", "no field is named 'Operaton'"}},
    {"{action: {remove: 'Batch Item[x]'}}", {"no field is named"}},
    {"{action: {remove: ''}}", {"no field is named"}},
    {"{action: {remove: Response Message}}", {"f.yaml:1:19", "names no field"}},
    {"{action: {set: {field: Batch Item/Result Status, value: Fine}}}", {"f.yaml:1:57", "Fine"}},
    {"{action: {set: {field: Batch Item/Operation}}}", {"'value' is missing"}},
    {"{action: {result: {reason: Not There}}}", {"f.yaml:1:28", "'Not There' is no Result Reason"}},
    {"{action: {wrong_type: {type: Strng}}}", {"f.yaml:1:30", "type is one such as"}},
    {"{action: {wrong_version: two}}", {"f.yaml:1:26", "two numbers"}},
    {"{action: {length: {}}}", {"one of plus, minus and huge"}},
    {"{action: {length: {plus: 1, minus: 1}}}", {"f.yaml:1:19", "one of plus"}},
    {"{action: {corrupt: {bits: 0}}}", {"f.yaml:1:27", "from 1"}},
    {"{action: {not_ttlv: smtp}}", {"f.yaml:1:21", "http, xml"}},
    {"{action: {reorder: {order: sideways}}}", {"f.yaml:1:28", "'sideways'"}},
    {"{action: {reorder: {order: [1, 1]}}}", {"f.yaml:1:32", "leaves twice"}},
    {"{action: {reorder: {order: [1, 3]}}}", {"f.yaml:1:32", "from 1 to 2"}},
    {"{action: {reorder: {window: 3, order: [2, 1]}}}", {"f.yaml:1:39", "window is 3"}},
    {"{action: {reorder: 1}}", {"f.yaml:1:20", "from 2"}},
    {"{action: {split: []}}", {"f.yaml:1:18", "from 1 to 16 numbers"}},
    {"{action: {split: [0]}}", {"f.yaml:1:19", "from 1"}},
    {"{action: {close: sometimes}}", {"f.yaml:1:18", "before, after"}},
    {"{action: {clock: {offset: soon}}}", {"f.yaml:1:27", "a duration"}},
    {"{action: {clock: {rate: -1}}}", {"f.yaml:1:25", "between 0 and"}},
    {"{action: {clock: {connections: []}}}", {"unknown key 'connections'"}},
    {"{action: {activate: {is: delayed, by: 0}}}", {"f.yaml:1:39", "above 0"}},
    {"{action: {hidden: Encryptt}}", {"f.yaml:1:19", "did you mean 'Encrypt'"}},
};

Test(fault_read, tells_what_is_wrong_and_where)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *w = &wrongs[i];
        struct fault_list l = {0};
        struct kerr err = KERR_INIT;
        cr_expect_not(read_list(w->yaml, &l, &err), "%s is taken", w->yaml);
        for (size_t k = 0; k < 3 && w->words[k]; k++)
            cr_expect(strstr(err.msg, w->words[k]), "%s\n  lacks '%s': %s", w->yaml, w->words[k],
                      err.msg);
        cr_expect_eq(l.n, 0);
        fault_list_clear(&l);
    }
}
