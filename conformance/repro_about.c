/* What a scenario says of itself (repro.h): its file's head comment, a title and
 * paragraphs that may begin with a label:
 *
 *     # Replies in another order than their requests.
 *     #
 *     # In the field: ... */
#include <stdlib.h>
#include <string.h>

#include "conformance/repro.h"
#include "kmip/base/file.h"

#define FILE_LIMIT (1u << 20)
#define LABEL_MAX 24
#define NO_LABEL ""

bool repro_folder(char out[BESIDE_MAX], struct kerr *err)
{
    static const char *const places[] = {"fixtures/scenarios", "share/kmip-conform/scenarios",
                                         NULL};
    const char *given = getenv("KMIP_SCENARIOS");
    if (given && *given)
        snprintf(out, BESIDE_MAX, "%s", given);
    else if (!beside_program(places, places[0], out))
        return kerr_set(err, KE_USAGE,
                        "the scenarios are not beside the program; KMIP_SCENARIOS names their "
                        "folder");
    return file_exists(out) || kerr_set(err, KE_USAGE, "there is no folder %s", out);
}

/* One paragraph, its lines joined by blanks; *at goes behind it. False: there is none. */
static bool next_paragraph(const char **at, struct buf *out)
{
    buf_reset(out);
    while (**at == '#') {
        const char *line = *at + 1;
        size_t n = strcspn(line, "\n");
        *at = line + n + (line[n] == '\n');
        while (n > 0 && *line == ' ')
            line++, n--;
        if (n == 0 && out->n > 0)
            break;
        if (n > 0)
            buf_printf(out, "%s%.*s", out->n ? " " : "", (int)n, line);
    }
    return out->n > 0;
}

static bool add(struct repro_about *a, const char *text)
{
    const char *colon = strstr(text, ": ");
    size_t n = colon ? (size_t)(colon - text) : 0;
    bool labelled = colon && n <= LABEL_MAX;
    if (a->n == REPRO_PARAGRAPHS_MAX)
        return true;
    a->part[a->n].label = labelled ? arena_printf(&a->arena, "%.*s", (int)n, text) : NO_LABEL;
    a->part[a->n].text = arena_str(&a->arena, labelled ? colon + 2 : text);
    return a->part[a->n].label && a->part[a->n++].text;
}

static bool read_head(struct repro_about *a, const char *at)
{
    struct buf paragraph;
    bool ok = true;
    buf_init(&paragraph, FILE_LIMIT);
    if (next_paragraph(&at, &paragraph)) {
        size_t n = paragraph.n;
        n -= n > 0 && paragraph.p[n - 1] == '.';
        a->title = arena_printf(&a->arena, "%.*s", (int)n, buf_cstr(&paragraph));
        ok = a->title != NULL;
    }
    while (ok && next_paragraph(&at, &paragraph))
        ok = add(a, buf_cstr(&paragraph));
    buf_clear(&paragraph);
    return ok;
}

bool repro_about_read(struct repro_about *out, const char *name, struct kerr *err)
{
    char folder[BESIDE_MAX];
    struct buf file;
    *out = (struct repro_about){.title = ""};
    arena_init(&out->arena, FILE_LIMIT);
    if (!repro_folder(folder, err))
        return false;
    if (snprintf(out->path, sizeof out->path, "%s/%s.yaml", folder, name) >=
        (int)sizeof out->path)
        return kerr_set(err, KE_USAGE, "the path of the scenarios is too long");
    buf_init(&file, FILE_LIMIT);
    bool ok = file_read(out->path, &file, err) &&
              (read_head(out, buf_cstr(&file)) ||
               kerr_set(err, KE_MEMORY, "no memory for %s", out->path));
    buf_clear(&file);
    return ok;
}

void repro_about_clear(struct repro_about *a)
{
    arena_clear(&a->arena);
}
