/* The answers of the backend, made once for each kind of request and then only sent.
 *
 * The model's name says what the answer is: `tokens-200` has 200 tokens; streamed, it
 * comes at once. `tokens-200-at-20` streams 20 tokens a second. Both OpenAI dialects.
 */
#ifndef BENCH_ANSWERS_H
#define BENCH_ANSWERS_H

#include "buffer.h"

#define WORD " word"
#define MAX_ANSWERS 256
#define MAX_NAME 64
#define MAX_TOKENS 100000

enum dialect { CHAT, RESPONSES };

struct kind {
    enum dialect dialect;
    int stream, usage;
    char model[MAX_NAME];
};

struct answer {
    struct kind kind;
    int tokens;
    double interval;       /* nanoseconds between tokens; 0: everything at once */
    struct buffer whole;   /* the response, when it comes at once */
    struct buffer head, piece, tail; /* else its beginning, one token, its end */
};

static int one_chunk; /* an HTTP chunk for every write, not for every event */

/* Put a run of events into HTTP chunks. */
static void add_chunks(struct buffer *out, const struct buffer *events) {
    const char *from = events->bytes, *end = from + events->length;
    while (from < end) {
        const char *to = end;
        if (!one_chunk) {
            const char *blank = memmem(from, (size_t)(end - from), "\n\n", 2);
            if (blank) to = blank + 2;
        }
        buffer_print(out, "%zx\r\n", (size_t)(to - from));
        buffer_add(out, from, (size_t)(to - from));
        buffer_add(out, "\r\n", 2);
        from = to;
    }
}

static void chat_chunk(struct buffer *b, const char *model, const char *choices,
                       const char *rest) {
    buffer_print(b,
                 "data: {\"id\":\"chatcmpl-b1\",\"object\":\"chat.completion.chunk\","
                 "\"created\":1790000000,\"model\":\"%s\",\"choices\":[%s]%s}\n\n",
                 model, choices, rest);
}

static void chat_usage(struct buffer *b, int tokens) {
    buffer_print(b,
                 ",\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":%d,"
                 "\"total_tokens\":%d}",
                 tokens, tokens + 12);
}

static void chat_stream(const struct answer *a, struct buffer *first,
                        struct buffer *token, struct buffer *last) {
    const char *model = a->kind.model;
    chat_chunk(first, model,
               "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
               "\"finish_reason\":null}", "");
    chat_chunk(token, model,
               "{\"index\":0,\"delta\":{\"content\":\"" WORD "\"},"
               "\"finish_reason\":null}", "");
    chat_chunk(last, model,
               "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}", "");
    if (a->kind.usage) {
        struct buffer usage = {0};
        chat_usage(&usage, a->tokens);
        chat_chunk(last, model, "", usage.bytes);
        buffer_free(&usage);
    }
    buffer_print(last, "data: [DONE]\n\n");
}

static void add_words(struct buffer *b, int count) {
    for (int i = 0; i < count; i++) buffer_add(b, WORD, sizeof WORD - 1);
}

/* The `response` object; `status` is in_progress (no output yet) or completed. */
static void response_object(struct buffer *b, const struct answer *a,
                            const char *status) {
    int done = status[0] == 'c';
    buffer_print(b,
                 "{\"id\":\"resp_b1\",\"object\":\"response\",\"created_at\":1790000000,"
                 "\"status\":\"%s\",\"error\":null,\"incomplete_details\":null,"
                 "\"instructions\":null,\"metadata\":{},\"model\":\"%s\","
                 "\"parallel_tool_calls\":true,\"temperature\":1.0,\"top_p\":1.0,"
                 "\"tool_choice\":\"auto\",\"tools\":[],\"output\":[",
                 status, a->kind.model);
    if (done) {
        buffer_print(b,
                     "{\"type\":\"message\",\"id\":\"msg_b1\",\"role\":\"assistant\","
                     "\"status\":\"completed\",\"content\":[{\"type\":\"output_text\","
                     "\"annotations\":[],\"text\":\"");
        add_words(b, a->tokens);
        buffer_print(b,
                     "\"}]}],\"usage\":{\"input_tokens\":12,\"output_tokens\":%d,"
                     "\"total_tokens\":%d,\"input_tokens_details\":"
                     "{\"cached_tokens\":0},\"output_tokens_details\":"
                     "{\"reasoning_tokens\":0}}}",
                     a->tokens, a->tokens + 12);
    } else {
        buffer_print(b, "],\"usage\":null}");
    }
}

static void response_event(struct buffer *b, const struct answer *a, const char *type,
                           const char *status) {
    buffer_print(b, "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":0,"
                 "\"response\":", type, type);
    response_object(b, a, status);
    buffer_print(b, "}\n\n");
}

#define IN_ITEM "\"item_id\":\"msg_b1\",\"output_index\":0,\"content_index\":0,"

static void responses_stream(const struct answer *a, struct buffer *first,
                             struct buffer *token, struct buffer *last) {
    response_event(first, a, "response.created", "in_progress");
    buffer_print(first,
                 "event: response.output_item.added\n"
                 "data: {\"type\":\"response.output_item.added\",\"sequence_number\":1,"
                 "\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"msg_b1\","
                 "\"status\":\"in_progress\",\"role\":\"assistant\","
                 "\"content\":[]}}\n\n"
                 "event: response.content_part.added\n"
                 "data: {\"type\":\"response.content_part.added\","
                 "\"sequence_number\":2," IN_ITEM "\"part\":{\"type\":"
                 "\"output_text\",\"annotations\":[],\"text\":\"\"}}\n\n");
    buffer_print(token,
                 "event: response.output_text.delta\n"
                 "data: {\"type\":\"response.output_text.delta\",\"sequence_number\":3,"
                 IN_ITEM "\"delta\":\"" WORD "\",\"logprobs\":[]}\n\n");
    buffer_print(last,
                 "event: response.output_text.done\n"
                 "data: {\"type\":\"response.output_text.done\",\"sequence_number\":4,"
                 IN_ITEM "\"logprobs\":[],\"text\":\"");
    add_words(last, a->tokens);
    buffer_print(last, "\"}\n\n");
    response_event(last, a, "response.completed", "completed");
}

static void chat_unary(const struct answer *a, struct buffer *body) {
    buffer_print(body,
                 "{\"id\":\"chatcmpl-b1\",\"object\":\"chat.completion\","
                 "\"created\":1790000000,\"model\":\"%s\",\"choices\":[{\"index\":0,"
                 "\"message\":{\"role\":\"assistant\",\"content\":\"",
                 a->kind.model);
    add_words(body, a->tokens);
    buffer_print(body, "\"},\"finish_reason\":\"stop\"}]");
    chat_usage(body, a->tokens);
    buffer_print(body, "}");
}

#define STREAM_HEAD                                                     \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"            \
    "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"

static void make_stream(struct answer *a) {
    struct buffer first = {0}, token = {0}, last = {0};
    (a->kind.dialect == CHAT ? chat_stream : responses_stream)(a, &first, &token, &last);
    if (a->interval > 0) {
        buffer_print(&a->head, STREAM_HEAD);
        add_chunks(&a->head, &first);
        add_chunks(&a->piece, &token);
        add_chunks(&a->tail, &last);
        buffer_print(&a->tail, "0\r\n\r\n");
    } else {
        struct buffer events = {0};
        buffer_add(&events, first.bytes, first.length);
        for (int i = 0; i < a->tokens; i++)
            buffer_add(&events, token.bytes, token.length);
        buffer_add(&events, last.bytes, last.length);
        buffer_print(&a->whole, STREAM_HEAD);
        add_chunks(&a->whole, &events);
        buffer_print(&a->whole, "0\r\n\r\n");
        buffer_free(&events);
    }
    buffer_free(&first);
    buffer_free(&token);
    buffer_free(&last);
}

static void make_unary(struct answer *a) {
    struct buffer body = {0};
    if (a->kind.dialect == CHAT) chat_unary(a, &body);
    else response_object(&body, a, "completed");
    buffer_print(&a->whole,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\n\r\n", body.length);
    buffer_add(&a->whole, body.bytes, body.length);
    buffer_free(&body);
}

/* The answer of a kind; NULL when the model's name says none. */
static struct answer *find_answer(const struct kind *kind) {
    static struct answer answers[MAX_ANSWERS];
    static int count;
    for (int i = 0; i < count; i++)
        if (!memcmp(&answers[i].kind, kind, sizeof *kind)) return &answers[i];
    int tokens;
    double rate = 0;
    if (count == MAX_ANSWERS || sscanf(kind->model, "tokens-%d-at-%lf", &tokens, &rate) < 1
        || tokens < 0 || tokens > MAX_TOKENS || rate < 0)
        return NULL;
    struct answer *a = &answers[count++];
    a->kind = *kind;
    a->tokens = tokens;
    a->interval = kind->stream && rate > 0 ? (double)SECOND / rate : 0;
    if (kind->stream) make_stream(a);
    else make_unary(a);
    return a;
}

#endif
