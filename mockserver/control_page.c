/* The live page: its files, which the program holds (mockserver/page/), and what a
 * browser may do with an answer of the control API. */
#include "kmip/base/embed.h"
#include "mockserver/control_priv.h"

EMBED(page_html, "mockserver/page/live.html");
EMBED(page_css, "mockserver/page/live.css");
EMBED(page_icon, "mockserver/page/icon.svg");
EMBED(page_live, "mockserver/page/live.js");
EMBED(page_api, "mockserver/page/api.js");
EMBED(page_exchanges, "mockserver/page/exchanges.js");
EMBED(page_message, "mockserver/page/message.js");
EMBED(page_pipeline, "mockserver/page/pipeline.js");
EMBED(page_panels, "mockserver/page/panels.js");
EMBED(page_case, "mockserver/page/case.js");

static const char html[] = "text/html; charset=utf-8", css[] = "text/css; charset=utf-8",
                  script[] = "text/javascript; charset=utf-8", svg[] = "image/svg+xml";

static const struct page_file {
    const char *path, *type;
    const uint8_t *begin, *end;
} files[] = {
#define FILE_(path, type, name) {path, type, embedded_##name, embedded_##name##_end}
    FILE_("/", html, page_html),
    FILE_("/page/live.css", css, page_css),
    FILE_("/page/icon.svg", svg, page_icon),
    FILE_("/page/live.js", script, page_live),
    FILE_("/page/api.js", script, page_api),
    FILE_("/page/exchanges.js", script, page_exchanges),
    FILE_("/page/message.js", script, page_message),
    FILE_("/page/pipeline.js", script, page_pipeline),
    FILE_("/page/panels.js", script, page_panels),
    FILE_("/page/case.js", script, page_case),
#undef FILE_
};

static const struct page_file *find_file(const char *path)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

bool control_page_wanted(const struct control_request *rq, const char *method, const char *path)
{
    const char *accept = MHD_lookup_connection_value(rq->http, MHD_HEADER_KIND, "Accept");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return false;
    if (strcmp(path, "/") == 0)
        return accept && strstr(accept, "text/html");
    return find_file(path) != NULL;
}

void control_get_page(struct control_request *rq)
{
    struct buf path;
    buf_init(&path, 200);
    buf_printf(&path, rq->name[0] ? "/page/%s" : "/", rq->name);
    const struct page_file *f = find_file(buf_cstr(&path));
    buf_clear(&path);
    if (!f) {
        control_refuse(rq, MHD_HTTP_NOT_FOUND, "file", "the page has no file '%s'", rq->name);
        return;
    }
    rq->response = MHD_create_response_from_buffer((size_t)(f->end - f->begin), (void *)f->begin,
                                                   MHD_RESPMEM_PERSISTENT);
    if (!rq->response) {
        control_answer(rq, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
        return;
    }
    rq->status = MHD_HTTP_OK;
    rq->type = f->type;
}

bool control_page_headers(struct MHD_Response *r)
{
    static const struct {
        const char *name, *value;
    } headers[] = {
        /* Nothing but files and answers of this very server; no style or script within HTML. */
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
         "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Vary", "Accept"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (MHD_add_response_header(r, headers[i].name, headers[i].value) != MHD_YES)
            return false;
    return true;
}
