/* milopt: compiler passes for Core ML models, as a C library.
 *
 * Objects are opaque: what a function puts into an out-pointer is freed with the function of its type. Text is
 * UTF-8 with its length in bytes, without a NUL behind it. Requests and reports are JSON, arrays are NumPy's .npz
 * archives. A request of length 0 is one without wishes; an unknown key is an error.
 *
 * A function answers NULL, or an error that the caller frees; out-pointers are then left alone. An out-pointer may
 * be NULL where the result is not wanted. A pointer to text or bytes is valid for its length during the call; an
 * object came from this library and was not freed. One model may be used by several threads as long as none of
 * them runs or frees it. No function keeps a pointer behind the call.
 */
#ifndef MILOPT_H
#define MILOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MiloptModel milopt_model;
typedef struct MiloptText milopt_text;
typedef struct MiloptError milopt_error;

/* Called before each pass on the thread that runs; false ends the run. */
typedef bool (*milopt_progress)(void *user, uint64_t done, uint64_t total);

/* The version, with a NUL behind it. */
const char *milopt_version(void);

/* Opens a .mlpackage, .mlmodel, .mlmodelc or .mil. */
milopt_error *milopt_open(const char *path, size_t path_len, milopt_model **model);

/* Reads a model from its message, and the contents of its weight file; weights are NULL if it has none. */
milopt_error *milopt_open_bytes(const uint8_t *message, size_t message_len, const uint8_t *weights,
                                size_t weights_len, milopt_model **model);

/* Reads MIL text. */
milopt_error *milopt_parse(const char *source, size_t source_len, milopt_model **model);

/* Rewrites a model. The request: {"pipeline": text or JSON of one, "target": "iOS18", "no_verify": false}, or in the
 * place of the pipeline {"compress": a configuration of coremltools, or an array of them}. The report: an array with
 * an object for each program: ops and bytes before and after, and what each pass counted. Where a pass fails, the
 * model is as it was before that pass. */
milopt_error *milopt_run(milopt_model *model, const char *request, size_t request_len, milopt_progress progress,
                         void *user, milopt_text **report);

/* The rules of Core ML that a model breaks: {"violations": [..], "unchecked": [..]}. */
milopt_error *milopt_verify(const milopt_model *model, milopt_text **report);

/* What is in a model. */
milopt_error *milopt_inspect(const milopt_model *model, milopt_text **report);

/* A model as MIL text that reads back the same to the last bit. */
milopt_error *milopt_print(const milopt_model *model, milopt_text **source);

/* Where Core ML would place each op. The request: {"chip": "M4", "os": "26", "units": "cpu-and-ne", "form": "json",
 * "text" or "html", "title": of the page}. */
milopt_error *milopt_estimate(const milopt_model *model, const char *request, size_t request_len,
                              milopt_text **report);

/* Runs a function once. The request: {"function": name, "member": of a pipeline, "outputs": names of values}. States
 * are NULL to begin with zeros; states_after is what to hand to the next call. */
milopt_error *milopt_eval(const milopt_model *model, const char *request, size_t request_len, const uint8_t *inputs,
                          size_t inputs_len, const uint8_t *states, size_t states_len, milopt_text **outputs,
                          milopt_text **states_after);

/* How a second model differs from a first. */
milopt_error *milopt_diff(const milopt_model *first, const milopt_model *second, milopt_text **report);

/* Writes a model as .mlpackage, or as .mil with its weights beside it: old or new, nothing between. Refused if the
 * passes made it break a rule that it kept when it was opened. */
milopt_error *milopt_save(const milopt_model *model, const char *path, size_t path_len);

/* The bytes of a text; valid until it is freed. */
const char *milopt_text_data(const milopt_text *text, size_t *len);

/* What an error says; valid until it is freed. Part 0: the message; 1: "input" (something does not fit) or "pass" (a
 * pass or a verification failed); 2: the rule that would be broken, or nothing; 3: where. */
const char *milopt_error_part(const milopt_error *error, int32_t part, size_t *len);

/* NULL is freed, too. */
void milopt_model_free(milopt_model *model);
void milopt_text_free(milopt_text *text);
void milopt_error_free(milopt_error *error);

#ifdef __cplusplus
}
#endif

#endif
