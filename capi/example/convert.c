/* A converter in C: it writes a network as MIL text, has it rewritten, runs it, and saves a package.
 *
 *     cc convert.c -lmilopt_c -o convert && ./convert OUT.mlpackage
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milopt.h"

static const char *network =
    "program(1.3)\n{\n"
    "func main<ios17>(tensor<fp32, [1, 3, 8, 8]> x) {\n"
    "    tensor<fp32, [1, 3, 8, 8]> a = mul(x = x, y = fp32(1.0))[name = string(\"a\")];\n"
    "    tensor<fp32, [1, 3, 8, 8]> b = relu(x = a)[name = string(\"b\")];\n"
    "    tensor<fp32, [1, 3, 8, 8]> y = relu(x = b)[name = string(\"y\")];\n"
    "} -> (y);\n"
    "}\n";

/* Ends the program with what an error says. */
static void check(milopt_error *error) {
    size_t len = 0;
    if (error == NULL) return;
    const char *message = milopt_error_part(error, 0, &len);
    fprintf(stderr, "convert: %.*s\n", (int)len, message);
    milopt_error_free(error);
    exit(1);
}

static void show(const char *what, milopt_text *text) {
    size_t len = 0;
    const char *data = milopt_text_data(text, &len);
    printf("%s: %.*s\n", what, (int)(len < 120 ? len : 120), data);
    milopt_text_free(text);
}

static bool tell(void *user, uint64_t done, uint64_t total) {
    (void)done;
    (void)total;
    ++*(int *)user;
    return true;
}

static bool stop(void *user, uint64_t done, uint64_t total) {
    (void)user;
    (void)done;
    (void)total;
    return false;
}

int main(int count, char **arguments) {
    const char *request = "{\"pipeline\": \"default\", \"target\": \"iOS18\"}";
    const char *chip = "{\"chip\": \"M1\", \"form\": \"text\"}";
    milopt_model *model = NULL;
    milopt_text *text = NULL;
    milopt_error *error;
    size_t len = 0;
    int passes = 0;

    if (count != 2) {
        fprintf(stderr, "usage: convert OUT.mlpackage\n");
        return 2;
    }
    printf("milopt %s\n", milopt_version());
    // docs: begin convert
    check(milopt_parse(network, strlen(network), &model));
    check(milopt_verify(model, &text));
    show("verify", text);

    /* A person may not want to wait. */
    error = milopt_run(model, request, strlen(request), stop, NULL, NULL);
    if (error == NULL) return 1;
    milopt_error_free(error);

    check(milopt_run(model, request, strlen(request), tell, &passes, &text));
    show("run", text);
    printf("passes: %s\n", passes > 0 ? "watched" : "not watched");
    check(milopt_estimate(model, chip, strlen(chip), &text));
    show("estimate", text);
    check(milopt_save(model, arguments[1], strlen(arguments[1])));
    milopt_model_free(model);
    // docs: end convert

    /* What is wrong is said, with the rule where there is one. */
    model = NULL;
    error = milopt_open("no/such.mlpackage", strlen("no/such.mlpackage"), &model);
    if (error == NULL || model != NULL) return 1;
    printf("kind of error: %s\n", strncmp(milopt_error_part(error, 1, &len), "input", 5) == 0 ? "input" : "other");
    milopt_error_free(error);

    check(milopt_open(arguments[1], strlen(arguments[1]), &model));
    check(milopt_inspect(model, &text));
    milopt_text_free(text);
    check(milopt_print(model, &text));
    show("print", text);
    milopt_model_free(model);
    return 0;
}
