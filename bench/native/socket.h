/* Sockets on loopback, and epoll. The address is 127.0.0.1 and cannot be another. */
#ifndef BENCH_SOCKET_H
#define BENCH_SOCKET_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

static inline struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {0};
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* As many descriptors as allowed; no death by a closed pipe; none survives its parent. */
static inline void prepare_process(void) {
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static inline void set_no_delay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Begin to connect; -1 if that fails at once. */
static inline int start_connecting(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    set_no_delay(fd);
    struct sockaddr_in address = loopback(port);
    if (!connect(fd, (struct sockaddr *)&address, sizeof address)) return fd;
    if (errno == EINPROGRESS) return fd;
    close(fd);
    return -1;
}

static inline void watch(int epoll, int operation, int fd, uint32_t events, void *of) {
    struct epoll_event event = {.events = events, .data = {.ptr = of}};
    if (epoll_ctl(epoll, operation, fd, &event)) die("epoll_ctl");
}

#endif
