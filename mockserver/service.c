/* A server with what surrounds it (service.h). */
#include "mockserver/service.h"

#include "mockserver/control.h"

static bool load(void *arg, const struct opt_list *scenarios, struct mock_config *next,
                 struct kerr *err)
{
    return start_load_again(arg, scenarios, next, err);
}

bool service_open(struct server *s, struct start *st, struct kerr *err)
{
    const struct control_options control = {
        .listen = st->cfg.control, .token = st->control_token, .config = st->opt.config};
    if (!server_open(s, &st->cfg, err))
        return false;
    if (start_can_load_again(st)) {
        s->load = load;
        s->load_arg = st;
        s->has_file = st->opt.config != NULL;
    }
    if (!control.listen || control_open(s, &control, err))
        return true;
    server_close(s);
    return false;
}

void service_close(struct server *s)
{
    control_close(s);
    server_close(s);
}
