/* Time and sizes: what all three programs count with. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

/* Nanoseconds since some fixed moment. */
static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* End the program with a line on stderr and the text of errno. */
static inline void die(const char *what) {
    perror(what);
    exit(1);
}

/* Memory, or the end of the program. */
static inline void *need(void *memory) {
    if (!memory) die("memory");
    return memory;
}

#endif
