/* The little of HTTP/2 that a client of one server writes (RFC 9113, RFC 7541). */
#ifndef BENCH_H2_H
#define BENCH_H2_H

#include "buffer.h"

#define MAX_FRAME 16384
#define WINDOW UINT32_C(0x7fffffff)

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, UPDATE };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8 };

struct frame {
    uint32_t length, id;
    int type, flags;
    const unsigned char *payload;
};

static inline uint32_t h2_number(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void put_number(struct buffer *b, uint32_t number) {
    unsigned char four[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                             (unsigned char)(number >> 8), (unsigned char)number};
    buffer_add(b, four, sizeof four);
}

static inline void put_frame(struct buffer *b, uint32_t length, int type, int flags,
                             uint32_t id) {
    put_number(b, length << 8 | (uint32_t)type);
    unsigned char one = (unsigned char)flags;
    buffer_add(b, &one, 1);
    put_number(b, id);
}

/* Take a whole frame from the front; its payload holds until the buffer is added to. */
static inline int take_frame(struct buffer *b, struct frame *f) {
    const unsigned char *at = (const unsigned char *)buffer_front(b);
    if (buffer_left(b) < 9) return 0;
    f->length = h2_number(at) >> 8;
    f->type = at[3];
    f->flags = at[4];
    f->id = h2_number(at + 5) & WINDOW;
    f->payload = at + 9;
    if (buffer_left(b) < 9 + (size_t)f->length) return 0;
    b->taken += 9 + f->length;
    return 1;
}

static inline void put_setting(struct buffer *b, int name, uint32_t value) {
    unsigned char two[2] = {0, (unsigned char)name};
    buffer_add(b, two, sizeof two);
    put_number(b, value);
}

/* What a client says first. */
static inline void put_preface(struct buffer *b) {
    buffer_print(b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    put_frame(b, 18, SETTINGS, 0, 0);
    put_setting(b, 1, 0);      /* no table of headers: they are not read */
    put_setting(b, 2, 0);      /* no push */
    put_setting(b, 4, WINDOW); /* streams never wait for us */
    put_frame(b, 4, UPDATE, 0, 0);
    put_number(b, WINDOW - 65535);
}

static inline void put_string(struct buffer *b, const char *text, size_t length) {
    unsigned char size = (unsigned char)length;
    if (length > 126) die("a header is too long");
    buffer_add(b, &size, 1);
    buffer_add(b, text, length);
}

/* A header as a literal that nobody indexes, uncompressed (RFC 7541, 6.2.2). */
static inline void put_header(struct buffer *b, const char *name, size_t name_length,
                              const char *value) {
    buffer_add(b, "", 1);
    put_string(b, name, name_length);
    put_string(b, value, strlen(value));
}

#endif
