/* Durations by size, 512 steps for every doubling: quantiles within 0.2 %. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include "clock.h"

#define HISTOGRAM_STEPS 512 /* two to the ninth */
#define HISTOGRAM_SIZE (56 * HISTOGRAM_STEPS)

struct histogram {
    uint64_t counts[HISTOGRAM_SIZE], count, max;
};

static inline unsigned histogram_place(uint64_t value) {
    if (value < HISTOGRAM_STEPS) return (unsigned)value;
    unsigned shift = 54 - (unsigned)__builtin_clzll(value);
    return (shift + 1) * HISTOGRAM_STEPS + (unsigned)(value >> shift) - HISTOGRAM_STEPS;
}

/* The middle of the values that share a place. */
static inline double histogram_value(unsigned place) {
    if (place < HISTOGRAM_STEPS) return place;
    unsigned shift = place / HISTOGRAM_STEPS - 1;
    uint64_t low = (uint64_t)(place % HISTOGRAM_STEPS + HISTOGRAM_STEPS) << shift;
    return (double)low + (double)(UINT64_C(1) << shift) / 2;
}

static inline void histogram_add(struct histogram *h, uint64_t value) {
    h->counts[histogram_place(value)]++;
    h->count++;
    if (value > h->max) h->max = value;
}

/* The value that the share `quantile` of all values do not exceed. */
static inline double histogram_quantile(const struct histogram *h, double quantile) {
    uint64_t wanted = (uint64_t)(quantile * (double)h->count), seen = 0;
    for (unsigned place = 0; place < HISTOGRAM_SIZE; place++) {
        seen += h->counts[place];
        if (seen > wanted) return histogram_value(place);
    }
    return (double)h->max;
}

/* Print as a JSON object of milliseconds, or null without values. */
static inline void histogram_print(const char *name, const struct histogram *h) {
    if (!h->count) {
        printf(",\"%s\":null", name);
        return;
    }
    printf(",\"%s\":{\"p50\":%.4f,\"p90\":%.4f,\"p99\":%.4f,\"max\":%.4f}", name,
           histogram_quantile(h, 0.50) / 1e6, histogram_quantile(h, 0.90) / 1e6,
           histogram_quantile(h, 0.99) / 1e6, (double)h->max / 1e6);
}

#endif
