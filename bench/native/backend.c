/* A model server without a model: OpenAI-compatible, as fast as a socket.
 *
 *     backend [--port N] [--one-chunk]
 *
 * Serves POST …/chat/completions and …/responses (see answers.h), GET /healthz and
 * GET …/models on 127.0.0.1, in one thread, and prints the port. Requests have to carry
 * a Content-Length. It ends with its parent.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <string.h>

#include "answers.h"
#include "socket.h"
#include "wheel.h"

#define MAX_HEAD 65536

struct connection {
    struct timer timer; /* first, so that a timer is its connection */
    int fd, watched_for_writing, closing;
    struct buffer in;
    const char *out; /* what is being sent, of memory that stays */
    size_t out_left;
    const struct answer *streaming;
    int sent; /* tokens */
    uint64_t began;
};

static int epoll;
static struct wheel wheel;

/* A response whose body is a literal of JSON. */
#define RESPONSE(status, text)                                                      \
    .head = "HTTP/1.1 " status "\r\nContent-Type: application/json\r\n"             \
            "Content-Length: ",                                                     \
    .body = text

struct fixed {
    const char *head, *body;
    struct buffer whole;
};

static struct fixed not_found = {
    RESPONSE("404 Not Found", "{\"error\":{\"message\":\"no such path or model\"}}")};
static struct fixed no_length = {
    RESPONSE("411 Length Required", "{\"error\":{\"message\":\"no length\"}}")};
static struct fixed healthy = {RESPONSE("200 OK", "{\"status\":\"ok\"}")};
static struct fixed models = {
    RESPONSE("200 OK", "{\"object\":\"list\",\"data\":[{\"id\":\"tokens-8\","
                       "\"object\":\"model\",\"owned_by\":\"bench\"}]}")};

static void drop(struct connection *c) {
    timer_stop(&c->timer);
    close(c->fd);
    buffer_free(&c->in);
    free(c);
}

/* Send what is waiting; 1: all is sent, 0: the socket is full, -1: it is gone. */
static int flush(struct connection *c) {
    while (c->out_left) {
        ssize_t sent = write(c->fd, c->out, c->out_left);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return -1;
            if (!c->watched_for_writing)
                watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN | EPOLLOUT, c);
            c->watched_for_writing = 1;
            return 0;
        }
        c->out += sent;
        c->out_left -= (size_t)sent;
    }
    if (c->watched_for_writing) watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
    c->watched_for_writing = 0;
    return 1;
}

static int send_bytes(struct connection *c, const char *bytes, size_t length) {
    c->out = bytes;
    c->out_left = length;
    return flush(c);
}

static int send_fixed(struct connection *c, struct fixed *f) {
    if (!f->whole.length)
        buffer_print(&f->whole, "%s%zu\r\n\r\n%s", f->head, strlen(f->body), f->body);
    return send_bytes(c, f->whole.bytes, f->whole.length);
}

/* Send the tokens that are due, then wait for the next. Results as of flush. */
static int stream_on(struct connection *c, uint64_t now) {
    const struct answer *a = c->streaming;
    int state = flush(c);
    while (state == 1 && c->streaming) {
        uint64_t due = c->began + (uint64_t)((c->sent + 1) * a->interval);
        if (c->sent < a->tokens && due > now) {
            timer_start(&wheel, &c->timer, due);
            return 1;
        }
        if (c->sent < a->tokens) {
            c->sent++;
            state = send_bytes(c, a->piece.bytes, a->piece.length);
        } else {
            c->streaming = NULL;
            state = send_bytes(c, a->tail.bytes, a->tail.length);
        }
    }
    return state;
}

/* The model's name in a JSON body; 0 without one that we know. */
static int model_name(const char *body, size_t length, char *name) {
    const char *at = memmem(body, length, "\"model\"", 7);
    if (!at) return 0;
    at = memmem(at, (size_t)(body + length - at), "tokens-", 7);
    if (!at) return 0;
    size_t most = (size_t)(body + length - at), i = 0;
    for (; i < most && i < MAX_NAME - 1 && at[i] != '"'; i++) name[i] = at[i];
    return i < most && at[i] == '"';
}

static int says(const char *body, size_t length, const char *compact,
                const char *spaced) {
    return memmem(body, length, compact, strlen(compact))
           || memmem(body, length, spaced, strlen(spaced));
}

static int ends_with(const char *path, size_t length, const char *end) {
    size_t n = strlen(end);
    return length >= n && !memcmp(path + length - n, end, n);
}

static int answer(struct connection *c, const char *path, size_t path_length,
                  const char *body, size_t length) {
    struct kind kind;
    memset(&kind, 0, sizeof kind);
    if (ends_with(path, path_length, "/healthz"))
        return send_fixed(c, &healthy);
    if (ends_with(path, path_length, "/models"))
        return send_fixed(c, &models);
    if (ends_with(path, path_length, "/responses")) kind.dialect = RESPONSES;
    else if (!ends_with(path, path_length, "/chat/completions"))
        return send_fixed(c, &not_found);
    kind.stream = says(body, length, "\"stream\":true", "\"stream\": true");
    kind.usage =
        says(body, length, "\"include_usage\":true", "\"include_usage\": true");
    struct answer *a =
        model_name(body, length, kind.model) ? find_answer(&kind) : NULL;
    if (!a) return send_fixed(c, &not_found);
    if (!a->interval) return send_bytes(c, a->whole.bytes, a->whole.length);
    c->streaming = a;
    c->sent = 0;
    c->began = now_ns();
    int state = send_bytes(c, a->head.bytes, a->head.length);
    return state == 1 ? stream_on(c, c->began) : state;
}

/* The value of a header in a head; NULL when it is not there. */
static const char *header(const char *head, size_t length, const char *name) {
    size_t n = strlen(name);
    const char *end = head + length;
    for (const char *line = head; (line = memchr(line, '\n', (size_t)(end - line)));) {
        line++;
        if ((size_t)(end - line) > n && !strncasecmp(line, name, n) && line[n] == ':') {
            line += n + 1;
            while (*line == ' ') line++;
            return line;
        }
    }
    return NULL;
}

/* Answer the whole requests that have come in. Results as of flush. */
static int requests(struct connection *c) {
    int state = 1;
    while (state == 1 && !c->streaming && !c->closing) {
        const char *from = buffer_front(&c->in);
        size_t left = buffer_left(&c->in);
        const char *blank = left ? memmem(from, left, "\r\n\r\n", 4) : NULL;
        if (!blank) return left > MAX_HEAD ? -1 : 1;
        size_t head = (size_t)(blank + 4 - from);
        const char *length = header(from, head, "content-length");
        if (!length && header(from, head, "transfer-encoding")) {
            c->closing = 1;
            return send_fixed(c, &no_length);
        }
        size_t body = length ? strtoul(length, NULL, 10) : 0;
        if (left < head + body) return 1;
        const char *connection = header(from, head, "connection");
        c->closing = connection && !strncasecmp(connection, "close", 5);
        const char *path = memchr(from, ' ', head);
        const char *path_end =
            path ? memchr(path + 1, ' ', (size_t)(blank - path - 1)) : NULL;
        if (!path_end) return -1;
        c->in.taken += head + body;
        state = answer(c, path + 1, (size_t)(path_end - path - 1), from + head, body);
    }
    return state;
}

static int readable(struct connection *c) {
    for (;;) {
        ssize_t got = read(c->fd, buffer_room(&c->in, 16384), 16384);
        if (got < 0) return errno == EAGAIN ? 1 : -1;
        if (!got) return -1;
        c->in.length += (size_t)got;
        if (got < 16384) return 1;
    }
}

static void handle(struct connection *c, uint32_t events) {
    int state = 1;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) state = readable(c);
    if (state == 1) state = c->streaming ? stream_on(c, now_ns()) : flush(c);
    if (state == 1 && !c->streaming) state = requests(c);
    if (state < 0 || (state == 1 && c->closing && !c->streaming)) drop(c);
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        set_no_delay(fd);
        struct connection *c = need(calloc(1, sizeof *c));
        c->fd = fd;
        watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, c);
    }
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = loopback(port);
    socklen_t length = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, length)) die("bind");
    if (listen(fd, 4096)) die("listen");
    getsockname(fd, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    int port = 0, option;
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"one-chunk", no_argument, NULL, 'o'},
        {0},
    };
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p') port = atoi(optarg);
        else if (option == 'o') one_chunk = 1;
        else return 2;
    }
    prepare_process();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on(port);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    wheel.tick = now_ns() / MILLISECOND;
    struct epoll_event events[256];
    for (;;) {
        int count = epoll_wait(epoll, events, 256, wheel_wait(&wheel, now_ns()));
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr) handle(events[i].data.ptr, events[i].events);
            else accept_all(listener);
        }
        uint64_t now = now_ns();
        for (struct timer *due; (due = wheel_take(&wheel, now));) {
            struct connection *c = (struct connection *)due;
            int state = stream_on(c, now);
            if (state == 1 && !c->streaming) state = requests(c);
            if (state < 0 || (state == 1 && c->closing && !c->streaming)) drop(c);
        }
    }
}
