/* Who was tested, by what and when, as names and values (report.h): a row for each. */
#include "conformance/report.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

static void tool(const struct run_result *r, struct buf *out)
{
    buf_printf(out, "kmip-conform %s", r->tool_version ? r->tool_version : KMIP_CONFORM_VERSION);
}

static void server(const struct run_result *r, struct buf *out)
{
    buf_printf(out, "%s:%s", r->target->opt.settings.host, r->target->port);
}

static void vendor(const struct run_result *r, struct buf *out)
{
    buf_puts(out, r->target->vendor);
}

static void protocol(const struct run_result *r, struct buf *out)
{
    buf_puts(out, kmip_version_text(r->target->opt.settings.version));
}

static void versions(const struct run_result *r, struct buf *out)
{
    for (size_t i = 0; i < r->target->n_versions; i++)
        buf_printf(out, "%s%s", i ? ", " : "", kmip_version_text(r->target->versions[i]));
}

static void tls(const struct run_result *r, struct buf *out)
{
    const struct tls_info *t = &r->target->tls;
    if (t->version[0])
        buf_printf(out, "%s, %s%s%s", t->version, t->suite, t->group[0] ? ", " : "", t->group);
}

static void certificate(const struct run_result *r, struct buf *out)
{
    const struct tls_info *t = &r->target->tls;
    char from[40], to[40];
    if (t->has_peer)
        buf_printf(out, "%s, issued by %s, valid %s to %s", t->peer_subject, t->peer_issuer,
                   text_date_out(t->peer_not_before, from), text_date_out(t->peer_not_after, to));
}

static void offset(const struct run_result *r, struct buf *out)
{
    if (r->target->has_offset)
        buf_printf(out, "%lld s", (long long)r->target->offset_s);
}

static void started(const struct run_result *r, struct buf *out)
{
    char date[40];
    buf_puts(out, text_date_out(r->started_wall_ns / NS_PER_S, date));
}

static void name_of_run(const struct run_result *r, struct buf *out)
{
    buf_puts(out, r->run_prefix);
}

static void secrets(const struct run_result *r, struct buf *out)
{
    if (r->show_secrets)
        buf_puts(out, "key material and passwords are shown, as was asked for: treat this like the "
                      "keys");
}

bool report_fact(const struct run_result *r, size_t i, struct report_fact *out)
{
    static const struct {
        const char *name, *title;
        void (*value)(const struct run_result *r, struct buf *out);
    } rows[] = {
        {"server", "Server", server},
        {"vendor", "Vendor", vendor},
        {"versions", "Versions", versions},
        {"protocol", "Tested with KMIP", protocol},
        {"tls", "TLS", tls},
        {"certificate", "Certificate", certificate},
        {"clock_offset", "Its clock minus ours", offset},
        {"started", "Started", started},
        {"run", "Run", name_of_run},
        {"tool", "Tested by", tool},
        {"secrets", "Secrets", secrets},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        *out = (struct report_fact){.name = rows[k].name, .title = rows[k].title};
        buf_init(&out->value, 1u << 20);
        rows[k].value(r, &out->value);
        if (out->value.n > 0 && i-- == 0)
            return true;
        buf_clear(&out->value);
    }
    return false;
}
