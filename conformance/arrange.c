/* What a case wants a server to be that no client can make it (case.h, `mock`): a mock with a
 * control API is made so, and put back afterwards. */
#include <stdio.h>

#include "conformance/case_print.h"
#include "conformance/runner.h"

#define PRELOAD_MAX (1u << 20)

static bool note_made(void *arg, struct bytes uid)
{
    struct running *rn = arg;
    const struct journal_ask ask = {
        .no = journal_asks(rn->runner->journal, 1), .case_id = rn->tc->id, .client = "main"};
    return journal_made(rn->runner->journal, &ask, uid, NULL, &rn->err);
}

/* The objects as a configuration of the mock has them, with the case's variables in it. */
static bool preload_text(struct running *rn, struct buf *out)
{
    const struct ynode *objects = rn->tc->mock.preload;
    struct buf printed;
    if (objects->kind == YNODE_SCALAR) /* a set's name */
        return from_yaml_text(objects, &rn->vars.env, out, &rn->err);
    buf_init(&printed, PRELOAD_MAX);
    case_print(objects, &printed);
    const struct ynode text = {.kind = YNODE_SCALAR,
                               .file = objects->file,
                               .line = objects->line,
                               .col = objects->col,
                               .text = buf_cstr(&printed),
                               .len = printed.n};
    bool ok = from_yaml_text(&text, &rn->vars.env, out, &rn->err);
    buf_clear(&printed);
    return ok;
}

static bool preload(struct running *rn, struct mock_control *control)
{
    struct buf text;
    buf_init(&text, PRELOAD_MAX);
    bool ok = preload_text(rn, &text) &&
              mock_control_preload(control, buf_cstr(&text), note_made, rn, &rn->err);
    buf_clear(&text);
    return ok;
}

bool arrange(struct running *rn)
{
    const struct case_mock *mock = &rn->tc->mock;
    struct mock_control *control = rn->runner->target->pace.control;
    if (!mock->otherwise)
        return true;
    if (!control) {
        result_decide(rn->result, VERDICT_NOT_APPLICABLE, SIZE_MAX,
                      "%s; a mock can be made so: --control HOST:PORT", mock->otherwise);
        return false;
    }
    rn->offset_was = rn->runner->target->offset_s;
    return (!mock->has_clock ||
            mock_control_set_clock(control, mock->clock_s, &rn->clock_was, &rn->err)) &&
           (!mock->preload || preload(rn, control));
}

void arrange_undo(struct running *rn)
{
    struct target *t = rn->runner->target;
    struct kerr err = KERR_INIT;
    if (!rn->clock_was.json)
        return;
    if (!mock_control_restore_clock(t->pace.control, &rn->clock_was, &err) &&
        rn->err.code == KE_OK)
        rn->err = err;
    t->offset_s = rn->offset_was;
}
