/* A growing run of bytes. `taken` of them, at the front, are done with. */
#ifndef BENCH_BUFFER_H
#define BENCH_BUFFER_H

#include <stdarg.h>
#include <string.h>

#include "clock.h"

struct buffer {
    char *bytes;
    size_t length, capacity, taken;
};

/* Make room for `more` bytes after the last and return where they go. */
static inline char *buffer_room(struct buffer *b, size_t more) {
    if (b->taken == b->length) b->taken = b->length = 0;
    if (b->taken && b->length + more > b->capacity) {
        memmove(b->bytes, b->bytes + b->taken, b->length - b->taken);
        b->length -= b->taken;
        b->taken = 0;
    }
    if (b->length + more > b->capacity) {
        size_t capacity = b->capacity ? b->capacity : 1024;
        while (capacity < b->length + more) capacity *= 2;
        b->bytes = need(realloc(b->bytes, capacity));
        b->capacity = capacity;
    }
    return b->bytes + b->length;
}

static inline void buffer_add(struct buffer *b, const void *bytes, size_t length) {
    memcpy(buffer_room(b, length), bytes, length);
    b->length += length;
}

__attribute__((format(printf, 2, 3)))
static inline void buffer_print(struct buffer *b, const char *format, ...) {
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, values);
    va_end(values);
    vsnprintf(buffer_room(b, (size_t)length + 1), (size_t)length + 1, format, again);
    va_end(again);
    b->length += (size_t)length;
}

static inline const char *buffer_front(const struct buffer *b) {
    return b->bytes + b->taken;
}

static inline size_t buffer_left(const struct buffer *b) {
    return b->length - b->taken;
}

static inline void buffer_free(struct buffer *b) {
    free(b->bytes);
    memset(b, 0, sizeof *b);
}

/* Read a whole file. */
static inline struct buffer buffer_from(const char *path) {
    struct buffer b = {0};
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    size_t got;
    do {
        got = fread(buffer_room(&b, 65536), 1, 65536, file);
        b.length += got;
    } while (got);
    fclose(file);
    return b;
}

#endif
