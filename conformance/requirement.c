/* Loads requirements.tsv (requirement.h). */
#include "conformance/requirement.h"

#include <string.h>

#include "kmip/base/arena.h"
#include "kmip/base/file.h"

#define COLUMNS 6

/* The one table of a run, read at start and constant from then on. */
static struct {
    struct arena arena;
    struct requirement *v;
    size_t n;
} table;

static bool split(char *line, char *cell[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        cell[i] = line;
        char *tab = line ? strchr(line, '\t') : NULL;
        if (!line || (!tab && i + 1 < COLUMNS) || (tab && i + 1 == COLUMNS))
            return false;
        if (tab)
            *tab = 0;
        line = tab ? tab + 1 : NULL;
    }
    return true;
}

static bool read_lines(const char *path, char *text, struct kerr *err)
{
    size_t lines = 1;
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    table.v = arena_array(&table.arena, lines, sizeof *table.v);
    if (!table.v)
        return kerr_set(err, KE_MEMORY, "no memory for %s", path);
    size_t line_no = 0;
    bool head = true;
    for (char *line; (line = strsep(&text, "\n"));) {
        char *cell[COLUMNS];
        line_no++;
        if (*line == 0 || *line == '#')
            continue;
        if (!split(line, cell))
            return kerr_set(err, KE_CASE, "%s:%zu: expected %d columns separated by tabs", path,
                            line_no, COLUMNS);
        if (head) {
            head = false;
            continue;
        }
        if (requirement_find(cell[0]))
            return kerr_set(err, KE_CASE, "%s:%zu: row %s is there twice", path, line_no, cell[0]);
        table.v[table.n++] = (struct requirement){.row = cell[0],
                                                  .profile = cell[1],
                                                  .clause = cell[2],
                                                  .mark = cell[3],
                                                  .text = cell[4],
                                                  .without_case = cell[5],
                                                  .provisional = strchr(cell[3], 'M') != NULL};
    }
    return true;
}

bool requirements_load(const char *path, struct kerr *err)
{
    struct buf text;
    if (table.n > 0)
        return true;
    arena_init(&table.arena, 4u << 20);
    buf_init(&text, 1u << 20);
    bool ok = file_read(path, &text, err);
    char *copy = ok ? arena_copy(&table.arena, buf_bytes(&text)) : NULL;
    buf_clear(&text);
    if (ok && !copy)
        ok = kerr_set(err, KE_MEMORY, "no memory for %s", path);
    ok = ok && read_lines(path, copy, err);
    if (!ok)
        requirements_clear();
    return ok;
}

void requirements_clear(void)
{
    arena_clear(&table.arena);
    table.v = NULL;
    table.n = 0;
}

bool requirements_loaded(void)
{
    return table.n > 0;
}

size_t requirements_count(void)
{
    return table.n;
}

const struct requirement *requirement_at(size_t i)
{
    return &table.v[i];
}

const struct requirement *requirement_in(const struct requirement *v, size_t n, const char *row)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].row, row) == 0)
            return &v[i];
    return NULL;
}

const struct requirement *requirement_find(const char *row)
{
    return requirement_in(table.v, table.n, row);
}
