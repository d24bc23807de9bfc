/* Load over HTTP/1.1: a closed loop of connections, each with one request at a time.
 *
 *     load --port N --path /v1/… --body FILE [--header "name: value"]…
 *          [--connections N] [--seconds S] [--count N] [--warm S] [--events]
 *          [--per-connection N] [--hold]
 *
 * Prints JSON lines: {"at":"measuring"} when the warm-up is over, then the result. After
 * it requests under way are let finish, so that the next measurement finds a server at
 * rest. With --hold every connection makes one request, {"at":"holding"} is printed once
 * each has its first event, and all stay open until stdin ends.
 */
#define _GNU_SOURCE
#include <getopt.h>

#include "buffer.h"
#include "response.h"
#include "socket.h"
#include "tally.h"

struct connection {
    int fd, connected, asking, watched_for_writing;
    size_t sent;
    uint64_t began, first_event, asked; /* asked: requests of this connection */
    struct response response;
};

static struct {
    int port, connections, events, hold;
    const char *path, *body;
    double seconds, warm;
    uint64_t count, per_connection;
} options = {.path = "/", .connections = 1, .seconds = 1, .count = UINT64_MAX,
             .per_connection = UINT64_MAX};

static int epoll;
static struct buffer request, headers;
static struct connection *all;
static uint64_t issued, with_events; /* requests; those that have had an event */

static void connect_again(struct connection *c);

static void send_request(struct connection *c) {
    while (c->sent < request.length) {
        ssize_t sent = write(c->fd, request.bytes + c->sent, request.length - c->sent);
        if (sent < 0 && errno == EAGAIN) {
            if (!c->watched_for_writing)
                watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN | EPOLLOUT, c);
            c->watched_for_writing = 1;
            return;
        }
        if (sent < 0) return; /* the read that follows tells of it */
        c->sent += (size_t)sent;
    }
    if (c->watched_for_writing) watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
    c->watched_for_writing = 0;
}

/* Make the next request, unless there have been enough. */
static void ask(struct connection *c) {
    if (tally.over || tally_hopeless() || issued >= options.count
        || c->asked >= options.per_connection)
        return;
    issued++;
    tally.under_way++;
    c->asked++;
    c->asking = 1;
    c->sent = 0;
    c->first_event = 0;
    response_begin(&c->response);
    c->began = now_ns();
    send_request(c);
}

static void finish(struct connection *c, int broken) {
    const struct response *r = &c->response;
    const char *sample = r->sample_length ? r->sample : "";
    c->asking = 0;
    tally.under_way--;
    if (broken) tally_failure("the connection was closed", sample);
    else if (r->status < 200 || r->status > 299) tally_failure("no success", sample);
    else if (options.events && !r->events) tally_failure("no events", sample);
    else tally_success(c->began, r->events);
}

static void received(struct connection *c, const char *at, size_t length) {
    if (!c->asking) return;
    struct response *r = &c->response;
    uint64_t before = r->events;
    int good = response_read(r, at, length);
    if (!tally.over) {
        tally.bytes += length;
        tally.events += r->events - before;
    }
    if (r->events && !c->first_event) {
        c->first_event = now_ns();
        with_events++;
        tally_first_event(c->began, c->first_event);
    }
    if (!good) {
        finish(c, 1);
        connect_again(c);
    } else if (response_done(r)) {
        finish(c, 0);
        if (r->closes) connect_again(c);
        else ask(c);
    }
}

static void connect_again(struct connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->connected = c->watched_for_writing = 0;
    c->fd = tally.over ? -1 : start_connecting(options.port);
    if (c->fd >= 0) watch(epoll, EPOLL_CTL_ADD, c->fd, EPOLLIN | EPOLLOUT, c);
    else tally_failure("no connection", strerror(errno));
}

static void closed(struct connection *c) {
    if (c->asking && c->response.part == TO_THE_END) finish(c, 0);
    else if (c->asking) finish(c, 1);
    else if (!c->connected) tally_failure("no connection", "");
    if (!tally_hopeless()) {
        connect_again(c);
        return;
    }
    close(c->fd);
    c->fd = -1;
}

static void handle(struct connection *c, uint32_t what) {
    static char read_into[256 * 1024];
    if (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t got = read(c->fd, read_into, sizeof read_into);
        if (got > 0) {
            received(c, read_into, (size_t)got);
        } else if (!got || errno != EAGAIN) {
            closed(c);
            return;
        }
    }
    if (!(what & EPOLLOUT) || c->fd < 0) return;
    if (!c->connected) {
        c->connected = 1;
        watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
        ask(c);
    } else if (c->asking) {
        send_request(c);
    }
}

static int all_done(void) {
    if (tally.under_way) return 0;
    return issued >= options.count || tally_hopeless()
           || issued >= options.per_connection * (uint64_t)options.connections;
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
        int held = options.hold
                   && with_events + tally.failed >= (uint64_t)options.connections;
        if (held || now - tally.begun >= limit || all_done()) tally_report(now);
        if (held) return;
    }
}

static void parse(int argc, char **argv) {
    static const struct option names[] = {
        {"port", 1, NULL, 'p'}, {"path", 1, NULL, 'u'}, {"body", 1, NULL, 'b'},
        {"header", 1, NULL, 'h'}, {"connections", 1, NULL, 'c'},
        {"seconds", 1, NULL, 's'}, {"count", 1, NULL, 'n'}, {"warm", 1, NULL, 'w'},
        {"per-connection", 1, NULL, 'e'}, {"events", 0, NULL, 'v'},
        {"hold", 0, NULL, 'o'}, {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (option) {
        case 'p': options.port = atoi(optarg); break;
        case 'u': options.path = optarg; break;
        case 'b': options.body = optarg; break;
        case 'h': buffer_print(&headers, "%s\r\n", optarg); break;
        case 'c': options.connections = atoi(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case 'n': options.count = strtoull(optarg, NULL, 10); break;
        case 'w': options.warm = atof(optarg); break;
        case 'e': options.per_connection = strtoull(optarg, NULL, 10); break;
        case 'v': options.events = 1; break;
        case 'o': options.hold = 1; break;
        default: exit(2);
        }
    }
    if (!options.port || !options.body || options.connections < 1) {
        fprintf(stderr, "load: --port and --body are needed\n");
        exit(2);
    }
    if (options.hold) options.per_connection = 1;
    if (options.per_connection > UINT32_MAX) options.per_connection = UINT32_MAX;
}

int main(int argc, char **argv) {
    parse(argc, argv);
    prepare_process();
    struct buffer body = buffer_from(options.body);
    buffer_print(&request,
                 "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                 "Content-Type: application/json\r\nContent-Length: %zu\r\n%.*s\r\n",
                 options.path, options.port, body.length, (int)headers.length,
                 headers.bytes ? headers.bytes : "");
    if (body.length) buffer_add(&request, body.bytes, body.length);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    all = need(calloc((size_t)options.connections, sizeof *all));
    for (int i = 0; i < options.connections; i++) {
        all[i].fd = -1;
        connect_again(&all[i]);
    }
    run();
    if (options.hold) {
        printf("{\"at\":\"holding\"}\n");
        fflush(stdout);
        char ignored;
        while (read(0, &ignored, 1) > 0) {}
    }
    return 0;
}
