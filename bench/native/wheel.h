/* A timer wheel: thousands of streams, each due at a time of its own.
 *
 * One slot a millisecond. What is due later than a turn of the wheel waits in the last
 * slot and is put off again by whoever finds it there too early.
 */
#ifndef BENCH_WHEEL_H
#define BENCH_WHEEL_H

#include "clock.h"

#define SLOTS 8192

struct timer {
    struct timer *next, **link; /* link: what points at this one; NULL: not waiting */
    unsigned slot;
};

struct wheel {
    struct timer *slots[SLOTS];
    uint64_t filled[SLOTS / 64]; /* a bit for each slot that may have timers */
    uint64_t tick;               /* the milliseconds that have been looked at */
};

static inline void timer_stop(struct timer *t) {
    if (!t->link) return;
    *t->link = t->next;
    if (t->next) t->next->link = t->link;
    t->link = NULL;
}

static inline void timer_start(struct wheel *w, struct timer *t, uint64_t when) {
    timer_stop(t);
    uint64_t tick = (when + MILLISECOND - 1) / MILLISECOND;
    if (tick <= w->tick) tick = w->tick + 1;
    if (tick >= w->tick + SLOTS) tick = w->tick + SLOTS - 1;
    t->slot = (unsigned)(tick % SLOTS);
    t->next = w->slots[t->slot];
    t->link = &w->slots[t->slot];
    if (t->next) t->next->link = &t->next;
    w->slots[t->slot] = t;
    w->filled[t->slot / 64] |= UINT64_C(1) << (t->slot % 64);
}

/* Milliseconds until the next slot with timers; -1 without any. */
static inline int wheel_wait(const struct wheel *w, uint64_t now) {
    uint64_t current = now / MILLISECOND;
    for (uint64_t ahead = 1; ahead < SLOTS;) {
        unsigned slot = (unsigned)((w->tick + ahead) % SLOTS);
        uint64_t word = w->filled[slot / 64] >> (slot % 64);
        if (!word) {
            ahead += 64 - slot % 64;
            continue;
        }
        uint64_t tick = w->tick + ahead + (uint64_t)__builtin_ctzll(word);
        return tick > current ? (int)(tick - current) : 0;
    }
    return -1;
}

/* Take one timer whose slot has come; NULL when there is none left. */
static inline struct timer *wheel_take(struct wheel *w, uint64_t now) {
    uint64_t current = now / MILLISECOND;
    while (w->tick < current) {
        unsigned slot = (unsigned)((w->tick + 1) % SLOTS);
        struct timer *t = w->slots[slot];
        if (t) {
            timer_stop(t);
            return t;
        }
        w->filled[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
        w->tick++;
    }
    return NULL;
}

#endif
