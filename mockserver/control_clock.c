/* The clock by the control API. */
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "mockserver/control_priv.h"
#include "mockserver/fields.h"

static json_t *jump(const struct clock_jump *j)
{
    json_t *after = j->by_requests ? json_sprintf("%lld requests", (long long)j->after)
                                   : control_duration(j->after);
    return json_pack("{s:o, s:o}", "after", after, "by", control_duration(j->by_ns));
}

/* As `clock:` has it: what is read here can be set again. */
static json_t *spec(const struct clock_spec *s)
{
    static const char *const sides[] = {"both", "time_stamp", "life_cycle"};
    json_t *o = json_pack("{s:o, s:s}", "offset", control_duration(s->offset_ns), "applies_to",
                          sides[s->applies_to]);
    if (s->rate == (double)(int64_t)s->rate)
        json_object_set_new(o, "rate", json_integer((int64_t)s->rate));
    else
        json_object_set_new(o, "rate", json_real(s->rate));
    char date[40];
    json_object_set_new(o, "freeze",
                        s->freeze_given
                            ? json_string(text_date_out(s->freeze_at_ns / NS_PER_S, date))
                            : json_boolean(s->freeze));
    json_t *jumps = json_array();
    for (size_t i = 0; i < s->n_jumps; i++)
        json_array_append_new(jumps, jump(&s->jumps[i]));
    json_object_set_new(o, "jumps", jumps);
    if (s->strobe_every_ns)
        json_object_set_new(o, "strobe",
                            json_pack("{s:o, s:o}", "by", control_duration(s->strobe_by_ns),
                                      "every", control_duration(s->strobe_every_ns)));
    return o;
}

static int64_t whole_ms(int64_t ns)
{
    return clock_add(ns, (ns < 0 ? -1 : 1) * NS_PER_MS / 2) / NS_PER_MS * NS_PER_MS;
}

json_t *control_ahead(const struct clock_ahead *a)
{
    return json_pack("{s:o, s:o}", "time_stamp", control_duration(whole_ms(a->time_stamp_ns)),
                     "life_cycle", control_duration(whole_ms(a->life_cycle_ns)));
}

void control_get_clock(struct control_request *rq)
{
    struct mock_clock *c = &rq->control->server->clock;
    int64_t machine = clock_wall_ns(), stamp = mock_clock_stamp_ns(c), life = mock_clock_ns(c);
    const struct clock_ahead ahead = {stamp - machine, life - machine};
    control_answer(rq, MHD_HTTP_OK,
                   json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "time_stamp",
                             control_time(stamp), "life_cycle", control_time(life), "machine",
                             control_time(machine), "ahead", control_ahead(&ahead), "advanced",
                             control_duration(c->advanced_ns), "spec", spec(&c->spec)));
}

void control_put_clock(struct control_request *rq)
{
    struct clock_spec s;
    struct kerr err = KERR_INIT;
    if (!read_clock(rq->doc.root, &rq->arena, &s, NULL, &err)) {
        control_refuse_err(rq, "clock", &err);
        return;
    }
    mock_clock_set(&rq->control->server->clock, &s);
    control_log(rq, "clock set");
    control_get_clock(rq);
}

void control_post_clock(struct control_request *rq)
{
    struct advance {
        int64_t by_ns;
    } r;
    static const struct yfield fields[] = {
        TIME(advance, "advance", by_ns, 0, READ_CENTURY_NS, "virtual time to let pass", NEEDED),
        END};
    struct kerr err = KERR_INIT;
    if (!yfields_read(rq->doc.root, fields, &r, &err)) {
        control_refuse_err(rq, NULL, &err);
        return;
    }
    server_advance(rq->control->server, r.by_ns);
    control_log(rq, "%gs of virtual time passed", (double)r.by_ns / 1e9);
    control_get_clock(rq);
}

void control_delete_clock(struct control_request *rq)
{
    struct server *s = rq->control->server;
    mock_clock_set(&s->clock, &s->cfg->clock);
    control_log(rq, "clock as configured");
    control_get_clock(rq);
}
