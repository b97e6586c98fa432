/* A server with what surrounds it (service.h). */
#include "mockserver/service.h"

#include "mockserver/control.h"

bool service_open(struct server *s, struct start *st, struct kerr *err)
{
    const struct control_options control = {.listen = st->cfg.control, .config = st->opt.config};
    if (!server_open(s, &st->cfg, err))
        return false;
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
