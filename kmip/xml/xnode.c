/* The tree of an XML document (xnode.h), built from expat's events. */
#include "kmip/xml/xnode.h"

#include <expat.h>
#include <stdarg.h>
#include <stdio.h>

#include "kmip/base/file.h"

#define FILE_MAX  (64u << 20)
#define ARENA_MAX (512u << 20)
#define TEXT_MAX  (64u << 10) /* of one stray text or comment */
#define CHUNK     (1u << 20)

struct parse {
    XML_Parser expat;
    struct xdoc *d;
    const char *file;
    struct xnode *at;   /* the element that is open; NULL outside */
    struct xnode *last; /* its last child so far */
    unsigned depth;
    size_t n;
    struct buf text; /* stray text since the last tag */
    struct kerr *err;
};

/* --- what is wrong -------------------------------------------------------------- */

static bool place(struct parse *p, enum kerr_code code, const char *what)
{
    uint32_t line = (uint32_t)XML_GetCurrentLineNumber(p->expat);
    uint32_t col = (uint32_t)XML_GetCurrentColumnNumber(p->expat) + 1;

    if (p->err && p->err->code == KE_OK) {
        p->err->line = line;
        p->err->col = col;
    }
    return kerr_set(p->err, code, "%s:%u:%u: %s", p->file, line, col, what);
}

static void stop(struct parse *p, enum kerr_code code, const char *what)
{
    place(p, code, what);
    XML_StopParser(p->expat, XML_FALSE);
}

bool xnode_err(const struct xnode *n, enum kerr_code code, struct kerr *err, const char *fmt, ...)
{
    struct ynode at = xnode_scalar(n, "");
    char what[480];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return ynode_err(&at, code, err, "%s", what);
}

/* --- text ------------------------------------------------------------------------ */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Blanks at the ends go, and a run of them becomes one. */
static const char *squeezed(struct arena *a, struct bytes s)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < s.n; i++) {
        if (!blank((char)s.p[i]))
            out[n++] = (char)s.p[i];
        else if (n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    if (out && n > 0 && out[n - 1] == ' ')
        out[n - 1] = 0;
    return out;
}

/* The stray text so far, which is forgotten. */
static const char *take_text(struct parse *p)
{
    const char *text = p->text.n ? squeezed(&p->d->arena, buf_bytes(&p->text)) : "";

    buf_reset(&p->text);
    if (!text)
        stop(p, KE_MEMORY, "no memory for the document");
    return text ? text : "";
}

static void XMLCALL on_text(void *arg, const XML_Char *s, int n)
{
    struct parse *p = arg;

    if (!buf_put(&p->text, s, (size_t)n))
        stop(p, KE_XML, "the text between elements is too long");
}

static void XMLCALL on_comment(void *arg, const XML_Char *text)
{
    struct parse *p = arg;

    if (p->d->comment[0])
        return;
    const char *copy = squeezed(&p->d->arena, bytes_str(text));
    if (copy)
        p->d->comment = copy;
    else
        stop(p, KE_MEMORY, "no memory for the document");
}

/* --- elements --------------------------------------------------------------------- */

static bool copy_attrs(struct parse *p, struct xnode *n, const XML_Char **attrs)
{
    struct arena *a = &p->d->arena;

    while (attrs[2 * n->n_attrs])
        n->n_attrs++;
    n->attrs = arena_array(a, n->n_attrs + 1, sizeof *n->attrs);
    for (size_t i = 0; n->attrs && i < n->n_attrs; i++) {
        n->attrs[i].name = arena_str(a, attrs[2 * i]);
        n->attrs[i].value = arena_str(a, attrs[2 * i + 1]);
        if (!n->attrs[i].name || !n->attrs[i].value)
            return false;
    }
    return n->attrs != NULL;
}

static struct xnode *element(struct parse *p, const XML_Char *name, const XML_Char **attrs)
{
    struct xnode *n = arena_alloc(&p->d->arena, sizeof *n);

    if (!n || !(n->name = arena_str(&p->d->arena, name)) || !copy_attrs(p, n, attrs))
        return NULL;
    n->file = p->file;
    n->line = (uint32_t)XML_GetCurrentLineNumber(p->expat);
    n->col = (uint32_t)XML_GetCurrentColumnNumber(p->expat) + 1;
    n->parent = p->at;
    n->before = take_text(p);
    n->trailing = "";
    return n;
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attrs)
{
    struct parse *p = arg;

    if (++p->depth > XNODE_DEPTH || ++p->n > XNODE_MAX) {
        stop(p, KE_XML, p->depth > XNODE_DEPTH ? "elements are nested too deeply"
                                               : "there are too many elements");
        return;
    }
    struct xnode *n = element(p, name, attrs);
    if (!n) {
        stop(p, KE_MEMORY, "no memory for the document");
        return;
    }
    if (p->last)
        p->last->next = n;
    else if (p->at)
        p->at->first = n;
    else
        p->d->root = n;
    p->at = n;
    p->last = NULL;
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
    struct parse *p = arg;

    (void)name;
    p->at->trailing = take_text(p);
    p->last = p->at;
    p->at = p->at->parent;
    p->depth--;
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(arg, KE_XML, "KMIP XML has no document type: <!DOCTYPE ...> must go");
}

/* --- the document ------------------------------------------------------------------- */

static bool feed(struct parse *p, struct bytes text)
{
    enum XML_Status status = XML_STATUS_OK;

    for (bool last = false; status == XML_STATUS_OK && !last;) {
        size_t n = text.n < CHUNK ? text.n : CHUNK;
        last = n == text.n;
        status = XML_Parse(p->expat, (const char *)text.p, (int)n, last);
        if (!last)
            text = bytes_of(text.p + n, text.n - n);
    }
    if (status == XML_STATUS_OK)
        return true;
    enum XML_Error e = XML_GetErrorCode(p->expat);
    if (p->err && p->err->code != KE_OK)
        return false;
    return place(p, e == XML_ERROR_NO_MEMORY ? KE_MEMORY : KE_XML, XML_ErrorString(e));
}

bool xdoc_parse(struct xdoc *d, const char *name, struct bytes text, struct kerr *err)
{
    struct kerr own = KERR_INIT;
    struct parse p = {.d = d, .err = err ? err : &own};

    *d = (struct xdoc){.comment = ""};
    arena_init(&d->arena, ARENA_MAX);
    buf_init(&p.text, TEXT_MAX);
    p.file = arena_str(&d->arena, name);
    p.expat = XML_ParserCreate(NULL);
    bool ok = (p.file && p.expat) || kerr_set(p.err, KE_MEMORY, "no memory for %s", name);
    if (ok) {
        XML_SetUserData(p.expat, &p);
        XML_SetElementHandler(p.expat, on_start, on_end);
        XML_SetCharacterDataHandler(p.expat, on_text);
        XML_SetCommentHandler(p.expat, on_comment);
        XML_SetStartDoctypeDeclHandler(p.expat, on_doctype);
        ok = feed(&p, text);
    }
    if (p.expat)
        XML_ParserFree(p.expat);
    buf_clear(&p.text);
    if (!ok)
        xdoc_clear(d);
    return ok;
}

bool xdoc_load(struct xdoc *d, const char *path, struct kerr *err)
{
    struct buf text;

    *d = (struct xdoc){.comment = ""};
    buf_init(&text, FILE_MAX);
    bool ok = file_read(path, &text, err) &&
              xdoc_parse(d, strcmp(path, "-") == 0 ? "standard input" : path, buf_bytes(&text),
                         err);
    buf_clear(&text);
    return ok;
}

void xdoc_clear(struct xdoc *d)
{
    arena_clear(&d->arena);
    *d = (struct xdoc){.comment = ""};
}

/* --- looking ------------------------------------------------------------------------- */

const char *xnode_attr(const struct xnode *n, const char *name)
{
    for (size_t i = 0; i < n->n_attrs; i++)
        if (strcmp(n->attrs[i].name, name) == 0)
            return n->attrs[i].value;
    return NULL;
}

const struct xnode *xnode_child(const struct xnode *n, const char *name)
{
    for (const struct xnode *c = n->first; c; c = c->next)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

struct ynode xnode_scalar(const struct xnode *n, const char *text)
{
    return (struct ynode){.kind = YNODE_SCALAR,
                          .line = n->line,
                          .col = n->col,
                          .file = n->file,
                          .text = text,
                          .len = strlen(text)};
}
