/* Answers of the control API, and values as JSON (control_priv.h). */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "kmip/base/clock.h"
#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "kmip/yaml/ypath.h"
#include "mockserver/control_priv.h"

void control_answer(struct control_request *rq, unsigned status, json_t *answer)
{
    if (rq->status) {
        json_decref(answer);
        return;
    }
    rq->status = answer ? status : MHD_HTTP_INTERNAL_SERVER_ERROR;
    rq->answer = answer;
}

static json_t *optional(const char *text)
{
    return text && text[0] ? control_text(bytes_str(text)) : NULL;
}

/* "o?" and "s?" leave nothing out but write null: members that are not there are not
 * set. */
static void set_unless_null(json_t *o, const char *key, json_t *v)
{
    if (v)
        json_object_set_new(o, key, v);
}

static void refuse(struct control_request *rq, unsigned status, const char *field,
                   const char *message, const struct kerr *place)
{
    json_t *e = json_object(), *answer = json_object();
    set_unless_null(e, "field", optional(field));
    set_unless_null(e, "message", control_text(bytes_str(message)));
    if (place && place->line) {
        json_object_set_new(e, "line", json_integer(place->line));
        json_object_set_new(e, "column", json_integer(place->col));
    }
    if (answer && e)
        json_object_set(answer, "error", e);
    json_decref(e);
    control_answer(rq, status, answer);
}

void control_refuse(struct control_request *rq, unsigned status, const char *field, const char *fmt,
                    ...)
{
    char message[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    if (!rq->status)
        refuse(rq, status, field, message, NULL);
}

/* The message without "body:3:7: ", which line and column say. */
static const char *bare(const struct kerr *err, const char *document)
{
    char place[64];
    int n = snprintf(place, sizeof place, "%s:%u:%u: ", document, err->line, err->col);
    return err->line && strncmp(err->msg, place, (size_t)n) == 0 ? err->msg + n : NULL;
}

static void put_field(struct control_request *rq, const char *in, const struct kerr *err,
                      struct buf *out)
{
    struct buf path;
    buf_init(&path, 1000);
    if (ynode_path(rq->doc.root, err, &path)) {
        const char *p = buf_cstr(&path);
        buf_printf(out, "%s%s%s", in ? in : "", in && p[0] && p[0] != '[' ? "." : "", p);
    }
    buf_clear(&path);
}

unsigned control_status(const struct kerr *err)
{
    bool mendable = err->cls == KERR_CLASS_CONFIG || err->cls == KERR_CLASS_USAGE;
    return mendable ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

void control_refuse_err(struct control_request *rq, const char *in, const struct kerr *err)
{
    char whole[900];
    struct buf field;
    const char *message = bare(err, "body");
    buf_init(&field, 1000);
    if (message)
        put_field(rq, in, err, &field);
    refuse(rq, control_status(err), buf_cstr(&field),
           message ? message : kerr_format(err, whole, sizeof whole), message ? err : NULL);
    buf_clear(&field);
}

void control_refuse_query(struct control_request *rq, const struct kerr *err)
{
    struct buf field;
    const char *message = bare(err, "query");
    buf_init(&field, 300);
    ynode_path(rq->query, err, &field);
    refuse(rq, control_status(err), buf_cstr(&field), message ? message : err->msg, NULL);
    buf_clear(&field);
}

bool control_params(struct control_request *rq, void *base)
{
    struct kerr err = KERR_INIT;
    if (yfields_read(rq->query, rq->route->params, base, &err))
        return true;
    control_refuse_query(rq, &err);
    return false;
}

void control_log(const struct control_request *rq, const char *fmt, ...)
{
    char more[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(more, sizeof more, fmt, ap);
    va_end(ap);
    struct buf line;
    buf_init(&line, 1000);
    text_quote(&line, bytes_str(more), 390);
    log_line(LOG_INFO, "control: %s %s: %s", rq->route->method, rq->route->path, buf_cstr(&line));
    buf_clear(&line);
}

/* --- values ------------------------------------------------------------ */

json_t *control_text(struct bytes text)
{
    struct buf quoted;
    if (text_utf8(text))
        return json_stringn_nocheck(text.n ? (const char *)text.p : "", text.n);
    buf_init(&quoted, BUF_NO_LIMIT);
    for (size_t i = 0; i < text.n; i++) /* no character survives that could be half of one */
        if (text.p[i] < 0x80)
            buf_putc(&quoted, (char)text.p[i]);
        else
            buf_printf(&quoted, "\\x%02x", text.p[i]);
    json_t *v = quoted.failed ? NULL : json_string(buf_cstr(&quoted));
    buf_clear(&quoted);
    return v;
}

json_t *control_time(int64_t ns)
{
    char date[40], text[48];
    int64_t s = ns / NS_PER_S, ms = ns % NS_PER_S / NS_PER_MS;
    if (ms < 0) {
        ms += 1000;
        s--;
    }
    text_date_out(s, date);
    size_t n = strlen(date);
    if (n == 0 || date[n - 1] != 'Z')
        return json_string(date);
    date[n - 1] = '\0';
    snprintf(text, sizeof text, "%s.%03dZ", date, (int)ms);
    return json_string(text);
}

json_t *control_duration(int64_t ns)
{
    char text[40];
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    int n = snprintf(text, sizeof text, "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "",
                     size / (uint64_t)NS_PER_S, size % (uint64_t)NS_PER_S);
    while (text[n - 1] == '0')
        n--;
    if (text[n - 1] == '.')
        n--;
    text[n] = 's';
    text[n + 1] = '\0';
    return json_string(text);
}

static json_t *scalar(const struct ynode *n)
{
    int64_t i;
    bool b;
    if (ynode_is_null(n))
        return json_null();
    if (n->plain && text_int(bytes_of(n->text, n->len), INT64_MIN, INT64_MAX, &i))
        return json_integer(i);
    if (n->plain && text_bool(bytes_of(n->text, n->len), &b))
        return json_boolean(b);
    return control_text(bytes_of(n->text, n->len));
}

json_t *control_node(const struct ynode *n)
{
    if (n->kind == YNODE_SCALAR)
        return scalar(n);
    json_t *v = n->kind == YNODE_MAP ? json_object() : json_array();
    for (size_t i = 0; v && i < n->n; i++) {
        json_t *child = control_node(n->vals[i]);
        int failed = n->kind == YNODE_MAP ? json_object_set_new(v, n->keys[i]->text, child)
                                          : json_array_append_new(v, child);
        if (failed) {
            json_decref(v);
            return NULL;
        }
    }
    return v;
}
