/* An HTTP/1.1 response, read piece by piece and counted, never kept.
 *
 * Knows bodies with a length, in chunks, and up to the end of the connection. Events
 * are the lines that begin with `data:`, other than `data: [DONE]`.
 */
#ifndef BENCH_RESPONSE_H
#define BENCH_RESPONSE_H

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "clock.h"

#define HEAD_SIZE 8192
#define SAMPLE_SIZE 240

enum part { HEAD, LENGTH, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, TO_THE_END, DONE };

struct response {
    enum part part;
    int status, closes;
    uint64_t left;      /* of the body, or of the chunk */
    uint64_t events;
    uint64_t body;      /* bytes */
    size_t line;        /* bytes of the current line that have been compared */
    int matches;        /* the line is `data:` so far */
    size_t trailer;     /* bytes of the current trailer line */
    size_t head_length, sample_length;
    char head[HEAD_SIZE], sample[SAMPLE_SIZE]; /* sample: the body's beginning */
};

static inline void response_begin(struct response *r) {
    memset(r, 0, offsetof(struct response, head));
    r->matches = 1;
}

static inline int response_done(const struct response *r) { return r->part == DONE; }

/* Count the events in a piece of the body. A line is one once its first byte after
 * `data:` and a space is there and is not the bracket of [DONE]. */
static inline void response_events(struct response *r, const char *at, size_t length) {
    static const char mark[] = "data: ";
    const char *end = at + length;
    while (at < end) {
        if (!r->matches) {
            at = memchr(at, '\n', (size_t)(end - at));
            if (!at) return;
            at++;
            r->matches = 1;
            r->line = 0;
            continue;
        }
        if (r->line < sizeof mark - 1 && *at == mark[r->line]) {
            r->line++;
            at++;
            continue;
        }
        r->events += r->line >= 5 && *at != '[';
        r->matches = 0;
    }
}

static inline void response_body(struct response *r, const char *at, size_t length) {
    size_t room = SAMPLE_SIZE - 1 - r->sample_length;
    if (room) {
        size_t more = length < room ? length : room;
        memcpy(r->sample + r->sample_length, at, more);
        r->sample_length += more;
        r->sample[r->sample_length] = 0;
    }
    r->body += length;
    response_events(r, at, length);
}

static inline const char *response_header(struct response *r, const char *name) {
    size_t n = strlen(name);
    for (const char *line = r->head; (line = strchr(line, '\n'));) {
        line++;
        if (!strncasecmp(line, name, n) && line[n] == ':') {
            line += n + 1;
            while (*line == ' ') line++;
            return line;
        }
    }
    return NULL;
}

/* Read the head; 0 when it is none. */
static inline int response_head(struct response *r) {
    r->head[r->head_length] = 0;
    if (sscanf(r->head, "HTTP/1.%*d %d", &r->status) != 1) return 0;
    const char *value = response_header(r, "connection");
    r->closes = value && !strncasecmp(value, "close", 5);
    if (r->status == 204 || r->status == 304) {
        r->part = DONE;
    } else if ((value = response_header(r, "content-length"))) {
        r->left = strtoull(value, NULL, 10);
        r->part = r->left ? LENGTH : DONE;
    } else if ((value = response_header(r, "transfer-encoding"))) {
        r->part = CHUNK_SIZE;
        r->left = 0;
    } else {
        r->part = TO_THE_END;
        r->closes = 1;
    }
    return 1;
}

/* One byte of a chunk's size line; 0 when it cannot be one. */
static inline int response_chunk_size(struct response *r, char c) {
    if (c == '\n') {
        r->part = r->left ? CHUNK : TRAILER;
        r->trailer = 0;
    } else if (c == '\r' || c == ' ' || c == ';') {
        return 1;
    } else {
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
        if (digit < 0 || digit > 15) return 0;
        r->left = r->left * 16 + (uint64_t)digit;
    }
    return 1;
}

static inline int response_byte(struct response *r, char c) {
    switch (r->part) {
    case HEAD:
        if (r->head_length == HEAD_SIZE - 1) return 0;
        r->head[r->head_length++] = c;
        if (c == '\n' && r->head_length >= 4
            && !memcmp(r->head + r->head_length - 4, "\r\n\r\n", 4))
            return response_head(r);
        return 1;
    case CHUNK_SIZE:
        return response_chunk_size(r, c);
    case CHUNK_END:
        if (c == '\n') {
            r->part = CHUNK_SIZE;
            r->left = 0;
        }
        return 1;
    default: /* TRAILER */
        if (c == '\n' && !r->trailer) r->part = DONE;
        else if (c == '\n') r->trailer = 0;
        else if (c != '\r') r->trailer++;
        return 1;
    }
}

/* Read on; returns 0 when this is no HTTP. Bytes after the end are left out. */
static inline int response_read(struct response *r, const char *at, size_t length) {
    const char *end = at + length;
    while (at < end && r->part != DONE) {
        size_t piece = (size_t)(end - at);
        if (r->part == LENGTH || r->part == CHUNK) {
            if (piece > r->left) piece = (size_t)r->left;
            response_body(r, at, piece);
            r->left -= piece;
            if (!r->left) r->part = r->part == LENGTH ? DONE : CHUNK_END;
            at += piece;
        } else if (r->part == TO_THE_END) {
            response_body(r, at, piece);
            at = end;
        } else if (!response_byte(r, *at++)) {
            return 0;
        }
    }
    return 1;
}

#endif
