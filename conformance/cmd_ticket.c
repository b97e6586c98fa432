/* kmip-conform ticket: one case of a run as a text for the vendor (report_ticket.h). */
#include <stdlib.h>
#include <string.h>

#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/report_read.h"
#include "conformance/report_ticket.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

#define NAMES_MAX 4096

struct ticket_options {
    const char *from, *out;
};

#define TICKET(member) offsetof(struct ticket_options, member)

static const struct opt ticket_opts[] = {
    {.name = "from", .kind = OPT_STR, .off = TICKET(from), .arg = "RUN.json",
     .help = "the report of the run, as `run --json` has written it"},
    {.name = "output", .ch = 'o', .kind = OPT_STR, .off = TICKET(out), .arg = "FILE",
     .help = "where to write the ticket (default '-': standard output)"},
};

static const struct case_tally *find(const struct run_result *r, const char *id, const char *path,
                                     struct kerr *err)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < r->n_tallies; i++) {
        if (strcmp(r->tallies[i].tc->id, id) == 0)
            return &r->tallies[i];
        if (n < NAMES_MAX)
            names[n++] = r->tallies[i].tc->id;
    }
    const char *near = text_nearest(id, names, n);
    kerr_set(err, KE_USAGE, "%s has no case '%s'%s%s%s", path, id, near ? "; did you mean '" : "",
             near ? near : "", near ? "'?" : "");
    return NULL;
}

/* Is there anything to ask of the vendor? */
static bool deviates(const struct case_tally *t, struct kerr *err)
{
    enum verdict v = t->worst->verdict;
    bool nothing = v == VERDICT_PASS || v == VERDICT_NOT_SUPPORTED || v == VERDICT_NOT_APPLICABLE;
    return !nothing ||
           kerr_set(err, KE_USAGE, "case %s came out %s: there is nothing to ask a vendor about",
                    t->tc->id, verdict_name(v));
}

static bool write_ticket(const struct ticket_options *o, const char *id, const json_t *root,
                         struct kerr *err)
{
    struct report_loaded *l = calloc(1, sizeof *l);
    struct buf text;
    if (!l)
        return kerr_set(err, KE_MEMORY, "no memory for a ticket");
    buf_init(&text, 256u << 20);
    bool ok = report_load(l, root, err);
    const struct case_tally *t = ok ? find(&l->result, id, o->from, err) : NULL;
    ok = t && deviates(t, err);
    if (ok) {
        report_ticket(&text, &l->result, t);
        ok = text.failed ? kerr_set(err, KE_MEMORY, "no memory for a ticket")
                         : file_write(o->out ? o->out : "-", buf_bytes(&text),
                                      result_mode(&l->result), err);
    }
    buf_clear(&text);
    report_loaded_clear(l);
    free(l);
    return ok;
}

int cmd_ticket(int argc, char **argv)
{
    struct ticket_options o = {.from = NULL};
    struct opt_set set = {"Ticket", ticket_opts, sizeof ticket_opts / sizeof *ticket_opts, &o};
    struct command_line line;
    struct kerr err = KERR_INIT;
    int code;
    if (!program_parse("ticket", &set, 1, argc, argv, &line, &code))
        return code;
    if (line.n != 1)
        kerr_set(&err, KE_USAGE, "ticket takes the id of one case");
    else if (!o.from)
        kerr_set(&err, KE_USAGE, "of which run? --from RUN.json names its report");
    bool ok = err.code == KE_OK && report_can_write(o.out, &err);
    json_t *root = ok ? report_read(o.from, &err) : NULL;
    ok = root && write_ticket(&o, line.operands[0], root, &err);
    json_decref(root);
    return ok ? EXIT_CONFORMANT : program_failed(&err);
}
