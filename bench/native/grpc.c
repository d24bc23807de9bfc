/* Load over gRPC: one RPC with a prepared message, again and again.
 *
 *     grpc --port N --method /package.Service/Method --body FILE [--header "name: value"]…
 *          [--connections N] [--streams N] [--seconds S] [--warm S] [--messages N]
 *
 * --streams are the calls at a time, spread over the connections. A call has succeeded
 * when it brought --messages or more (default 1): a failed one brings fewer, so that
 * compressed headers need no reading. Prints JSON lines as `load` does. HTTP/2 by
 * RFC 9113 as far as a client of one server needs it: requests fit into one frame.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <string.h>

#include "h2.h"
#include "socket.h"
#include "tally.h"

#define REPLENISH (16u << 20) /* give the window back after so many bytes */

struct call {
    uint32_t id; /* 0: none */
    uint64_t began, first_message, messages;
    uint32_t left;   /* of the message that is being received */
    int prefix;      /* bytes of its prefix that are there */
    uint32_t length; /* as far as the prefix is read */
};

struct connection {
    int fd, connected, watched_for_writing, going_away, calls_length;
    uint32_t next_id;
    int64_t window; /* what may still be sent */
    uint64_t received;
    struct buffer in, out;
    struct call *calls;
};

static struct {
    int port, connections, streams;
    const char *method, *body;
    double seconds, warm;
    uint64_t messages;
} options = {.method = "/", .connections = 1, .streams = 1, .seconds = 1, .messages = 1};

static int epoll;
static struct buffer headers, request; /* request: both frames, ids to be filled in */
static size_t data_frame;              /* where the second begins */
static struct connection *all;

static void make_request(void) {
    struct buffer block = {0}, body = buffer_from(options.body);
    char authority[32];
    snprintf(authority, sizeof authority, "127.0.0.1:%d", options.port);
    const char *fixed[][2] = {
        {":method", "POST"}, {":scheme", "http"}, {":path", options.method},
        {":authority", authority}, {"te", "trailers"},
        {"content-type", "application/grpc"}, {"user-agent", "bench"},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        put_header(&block, fixed[i][0], strlen(fixed[i][0]), fixed[i][1]);
    if (headers.length) buffer_add(&block, headers.bytes, headers.length);
    put_frame(&request, (uint32_t)block.length, HEADERS, END_HEADERS, 0);
    buffer_add(&request, block.bytes, block.length);
    data_frame = request.length;
    if (block.length > MAX_FRAME || body.length + 5 > MAX_FRAME) die("too large");
    put_frame(&request, (uint32_t)body.length + 5, DATA, END_STREAM, 0);
    buffer_add(&request, "", 1);
    put_number(&request, (uint32_t)body.length);
    if (body.length) buffer_add(&request, body.bytes, body.length);
    buffer_free(&block);
    buffer_free(&body);
}

static void flush(struct connection *c) {
    while (buffer_left(&c->out)) {
        ssize_t sent = write(c->fd, buffer_front(&c->out), buffer_left(&c->out));
        if (sent < 0) {
            if (errno != EAGAIN) return; /* the read that follows tells of it */
            if (!c->watched_for_writing)
                watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN | EPOLLOUT, c);
            c->watched_for_writing = 1;
            return;
        }
        c->out.taken += (size_t)sent;
    }
    if (c->watched_for_writing) watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
    c->watched_for_writing = 0;
}

/* Begin calls where there are none, as far as the window allows. */
static void ask(struct connection *c) {
    if (tally.over || c->going_away || tally_hopeless()) return;
    for (int i = 0; i < c->calls_length; i++) {
        struct call *call = &c->calls[i];
        int64_t size = (int64_t)(request.length - data_frame - 9);
        if (call->id) continue;
        if (c->window < size) return;
        c->window -= size;
        memset(call, 0, sizeof *call);
        call->id = c->next_id;
        c->next_id += 2;
        call->began = now_ns();
        tally.under_way++;
        uint32_t id = htonl(call->id);
        memcpy(request.bytes + 5, &id, 4);
        memcpy(request.bytes + data_frame + 5, &id, 4);
        buffer_add(&c->out, request.bytes, request.length);
    }
}

static void end_call(struct call *call, const char *wrong) {
    call->id = 0;
    tally.under_way--;
    if (!wrong && call->messages < options.messages) wrong = "too few messages";
    if (wrong) tally_failure(wrong, "");
    else tally_success(call->began, call->messages);
}

static struct call *find_call(struct connection *c, uint32_t id) {
    for (int i = 0; i < c->calls_length; i++)
        if (c->calls[i].id == id) return &c->calls[i];
    return NULL;
}

static void whole_message(struct call *call) {
    call->prefix = 0;
    call->length = 0;
    if (!call->messages++) tally_first_event(call->began, now_ns());
    if (!tally.over) tally.events++;
}

/* Count the messages in the payload of a DATA frame. */
static void count(struct call *call, const unsigned char *at, uint32_t length) {
    const unsigned char *end = at + length;
    while (at < end) {
        if (call->prefix < 5) {
            if (call->prefix++) call->length = call->length << 8 | *at;
            at++;
            if (call->prefix < 5) continue;
            call->left = call->length;
        }
        uint32_t piece = (uint32_t)(end - at);
        if (piece > call->left) piece = call->left;
        at += piece;
        call->left -= piece;
        if (!call->left) whole_message(call);
    }
}

static void data(struct connection *c, struct call *call, const struct frame *f) {
    c->received += f->length;
    if (c->received >= REPLENISH) {
        put_frame(&c->out, 4, UPDATE, 0, 0);
        put_number(&c->out, (uint32_t)c->received);
        c->received = 0;
    }
    uint32_t padding = f->flags & PADDED && f->length ? 1 + (uint32_t)*f->payload : 0;
    if (!tally.over) tally.bytes += f->length;
    if (call && padding <= f->length)
        count(call, f->payload + (padding ? 1 : 0), f->length - padding);
}

static void take(struct connection *c, const struct frame *f) {
    struct call *call = f->id ? find_call(c, f->id) : NULL;
    if (f->type == RST_STREAM && call) {
        end_call(call, "the stream was reset");
    } else if (f->type == SETTINGS && !(f->flags & ACK)) {
        put_frame(&c->out, 0, SETTINGS, ACK, 0);
    } else if (f->type == PING && !(f->flags & ACK)) {
        put_frame(&c->out, f->length, PING, ACK, 0);
        buffer_add(&c->out, f->payload, f->length);
    } else if (f->type == GOAWAY) {
        c->going_away = 1;
    } else if (f->type == UPDATE && !f->id) {
        c->window += h2_number(f->payload) & WINDOW;
    } else if (f->type == DATA) {
        data(c, call, f);
    }
    if (call && (f->type == DATA || f->type == HEADERS) && f->flags & END_STREAM)
        end_call(call, NULL);
}

static void connect_again(struct connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->connected = c->watched_for_writing = c->going_away = 0;
    c->next_id = 1;
    c->window = 65535;
    c->received = 0;
    c->in.length = c->in.taken = c->out.length = c->out.taken = 0;
    c->fd = tally.over ? -1 : start_connecting(options.port);
    if (c->fd < 0) return;
    watch(epoll, EPOLL_CTL_ADD, c->fd, EPOLLIN | EPOLLOUT, c);
    put_preface(&c->out);
}

static void closed(struct connection *c) {
    int had = 0;
    for (int i = 0; i < c->calls_length; i++)
        if (c->calls[i].id) {
            end_call(&c->calls[i], "the connection was closed");
            had = 1;
        }
    if (!had && !c->connected) tally_failure("no connection", "");
    connect_again(c);
}

static void handle(struct connection *c, uint32_t what) {
    if (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t got = read(c->fd, buffer_room(&c->in, 262144), 262144);
        if (got > 0) {
            c->in.length += (size_t)got;
            for (struct frame f; take_frame(&c->in, &f);) take(c, &f);
        } else if (!got || errno != EAGAIN) {
            closed(c);
            return;
        }
    }
    if (what & EPOLLOUT && !c->connected) {
        c->connected = c->watched_for_writing = 1;
    }
    if (!c->connected) return;
    ask(c);
    flush(c);
}

static void run(void) {
    uint64_t start = now_ns(), warm = (uint64_t)(options.warm * 1e9);
    uint64_t limit = (uint64_t)(options.seconds * 1e9);
    if (!warm) tally_begin(start);
    struct epoll_event ready[256];
    for (uint64_t now = start; !tally_rested(now); now = now_ns()) {
        int count = epoll_wait(epoll, ready, 256, 2);
        for (int i = 0; i < count; i++) handle(ready[i].data.ptr, ready[i].events);
        now = now_ns();
        if (!tally.measuring && (now - start >= warm || tally_hopeless()))
            tally_begin(now);
        if (!tally.measuring || tally.over) continue;
        if (now - tally.begun >= limit || tally_hopeless()) tally_report(now);
    }
}

static void parse(int argc, char **argv) {
    static const struct option names[] = {
        {"port", 1, NULL, 'p'}, {"method", 1, NULL, 'u'}, {"body", 1, NULL, 'b'},
        {"header", 1, NULL, 'h'}, {"connections", 1, NULL, 'c'},
        {"streams", 1, NULL, 'm'}, {"seconds", 1, NULL, 's'}, {"warm", 1, NULL, 'w'},
        {"messages", 1, NULL, 'n'}, {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        const char *colon;
        switch (option) {
        case 'p': options.port = atoi(optarg); break;
        case 'u': options.method = optarg; break;
        case 'b': options.body = optarg; break;
        case 'h':
            if (!(colon = strstr(optarg, ": "))) exit(2);
            put_header(&headers, optarg, (size_t)(colon - optarg), colon + 2);
            break;
        case 'c': options.connections = atoi(optarg); break;
        case 'm': options.streams = atoi(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case 'w': options.warm = atof(optarg); break;
        case 'n': options.messages = strtoull(optarg, NULL, 10); break;
        default: exit(2);
        }
    }
    if (!options.port || !options.body || options.connections < 1
        || options.streams < options.connections) {
        fprintf(stderr, "grpc: --port, --body and a stream per connection are needed\n");
        exit(2);
    }
}

int main(int argc, char **argv) {
    parse(argc, argv);
    prepare_process();
    make_request();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    all = need(calloc((size_t)options.connections, sizeof *all));
    for (int i = 0; i < options.connections; i++) {
        struct connection *c = &all[i];
        c->fd = -1;
        c->calls_length = options.streams / options.connections
                          + (i < options.streams % options.connections);
        c->calls = need(calloc((size_t)c->calls_length, sizeof *c->calls));
        connect_again(c);
    }
    run();
    return 0;
}
