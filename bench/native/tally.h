/* What a load program has seen, and the JSON lines in which it tells. */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include <string.h>

#include "histogram.h"

#define REST (5 * SECOND) /* for what is under way when the time is over */
#define HOPELESS 50       /* failures without one success */

static struct {
    int measuring; /* the warm-up is over */
    int over;      /* the result is out: nothing counts any more */
    uint64_t begun, ended;
    uint64_t under_way, finished, failed, bytes, events, fewest, most;
    struct histogram latencies, first_events;
    char failure[320]; /* the first one, as text that JSON needs no escapes for */
} tally;

static inline int tally_hopeless(void) {
    return tally.failed >= HOPELESS && !tally.finished;
}

/* Forget the warm-up, unless it has shown that there will be no success. */
static inline void tally_begin(uint64_t now) {
    uint64_t under_way = tally.under_way;
    if (!tally_hopeless()) memset(&tally, 0, sizeof tally);
    tally.measuring = 1;
    tally.begun = now;
    tally.under_way = under_way;
    tally.fewest = UINT64_MAX;
    printf("{\"at\":\"measuring\"}\n");
    fflush(stdout);
}

static inline void tally_failure(const char *why, const char *sample) {
    if (tally.over) return;
    tally.failed++;
    if (tally.failure[0]) return;
    snprintf(tally.failure, sizeof tally.failure, "%s%s%s", why, sample[0] ? ": " : "",
             sample);
    for (char *at = tally.failure; *at; at++)
        if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ') *at = '\'';
}

static inline void tally_success(uint64_t began, uint64_t events) {
    if (tally.over) return;
    tally.finished++;
    histogram_add(&tally.latencies, now_ns() - began);
    if (events < tally.fewest) tally.fewest = events;
    if (events > tally.most) tally.most = events;
}

static inline void tally_first_event(uint64_t began, uint64_t at) {
    if (!tally.over) histogram_add(&tally.first_events, at - began);
}

/* Print the result; what happens later does not count. */
static inline void tally_report(uint64_t now) {
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        {"finished", tally.finished}, {"failed", tally.failed},
        {"under_way", tally.under_way}, {"bytes", tally.bytes},
        {"events", tally.events},
        {"fewest_events", tally.finished ? tally.fewest : 0},
        {"most_events", tally.most},
    };
    printf("{\"seconds\":%.6f", (double)(now - tally.begun) / 1e9);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        printf(",\"%s\":%llu", counts[i].name, (unsigned long long)counts[i].value);
    histogram_print("latency_ms", &tally.latencies);
    histogram_print("first_event_ms", &tally.first_events);
    printf(",\"failure\":\"%s\"}\n", tally.failure);
    fflush(stdout);
    tally.over = 1;
    tally.ended = now;
}

/* Whether there is nothing more to wait for. */
static inline int tally_rested(uint64_t now) {
    return tally.over && (!tally.under_way || now - tally.ended >= REST);
}

#endif
