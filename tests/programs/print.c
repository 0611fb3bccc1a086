/* A program as C that stands alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "programs/program.h"

#include "ops/sample_graph.h"
#include "ops/table.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

/* The public name of a dtype. */
static const char *dtype_word(int32_t dtype)
{
    switch (dtype) {
    case WG_F32:
        return "WG_F32";
    case WG_F64:
        return "WG_F64";
    case WG_I64:
        return "WG_I64";
    default:
        return "WG_BOOL";
    }
}

static void print_dims(const wgt_step *s, const char *type)
{
    if (s->rank == 0) {
        printf("NULL");
        return;
    }
    printf("(const %s[]){", type);
    for (int32_t i = 0; i < s->rank; i++) {
        printf("%s%lld", i > 0 ? ", " : "", (long long)s->dims[i]);
    }
    printf("}");
}

static void print_shape(const wgt_step *s)
{
    printf("%d, ", (int)s->rank);
    print_dims(s, "int64_t");
}

static const char *const names[] = {
#define WGT_CALL_NAME(name, form) "wg_" #name,
    WGT_CALLS(WGT_CALL_NAME)
#undef WGT_CALL_NAME
};

/* One place of a call: the step and its number. */
typedef struct place {
    const wgt_step *s;
    int32_t i;
} place;

static void print_values(const place *p, wg_context *ctx)
{
    wgi_sample_input how = {.rank = p->s->rank, .fill = p->s->fill, .limit = p->s->limit};
    memcpy(how.dims, p->s->dims, sizeof how.dims);
    wg_tensor *t = wgt_random_tensor(ctx, (wg_dtype)p->s->dtype, &how, p->s->stream);
    printf("    static const double v%d[] = {", (int)p->i);
    for (int64_t k = 0; k < wg_tensor_count(t); k++) {
        printf("%a, ", wg_tensor_get(t, k));
    }
    printf("0};\n    CHECK(wg_tensor_from(ctx, %s, ", dtype_word(p->s->dtype));
    print_shape(p->s);
    printf(", WG_F64, v%d, &t));\n", (int)p->i);
    wg_tensor_destroy(t);
}

static void print_leaf(const place *p, wg_context *ctx)
{
    print_values(p, ctx);
    printf("    n[%d] = %s(g, t);\n    wg_tensor_destroy(t);\n", (int)p->i, names[p->s->call]);
}

static void print_constant(const place *p, wg_context *ctx)
{
    print_values(p, ctx);
    printf("    n[%d] = wg_constant(g, %s, ", (int)p->i, dtype_word(p->s->dtype));
    print_shape(p->s);
    printf(", wg_tensor_data(t));\n    wg_tensor_destroy(t);\n");
}

static void print_full(const place *p, wg_context *ctx)
{
    (void)ctx;
    printf("    n[%d] = wg_full(g, %s, ", (int)p->i, dtype_word(p->s->dtype));
    print_shape(p->s);
    printf(", %a);\n", p->s->numbers[0]);
}

static void print_uniform(const place *p, wg_context *ctx)
{
    (void)ctx;
    printf("    n[%d] = wg_uniform(g, %s, ", (int)p->i, dtype_word(p->s->dtype));
    print_shape(p->s);
    printf(", %a, %a);\n", p->s->numbers[0], p->s->numbers[1]);
}

/* "n[7] = wg_relu(n[3]", to be followed by the other arguments. */
static void print_start(const place *p)
{
    printf("    n[%d] = %s(n[%d]", (int)p->i, names[p->s->call], (int)p->s->in[0]);
}

static void print_unary(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(");\n");
}

static void print_binary(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", n[%d]);\n", (int)p->s->in[1]);
}

static void print_ternary(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", n[%d], n[%d]);\n", (int)p->s->in[1], (int)p->s->in[2]);
}

static void print_numbered(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", %a);\n", p->s->numbers[0]);
}

/* No axis is a list of none, not NULL, which means all of them. */
static void print_reduce(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", (const int32_t[]){");
    for (int32_t i = 0; i < p->s->rank; i++) {
        printf("%d, ", (int)p->s->dims[i]);
    }
    printf("0}, %d, %s);\n", (int)p->s->rank, p->s->keepdims ? "true" : "false");
}

static void print_shaped(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", ");
    print_shape(p->s);
    printf(");\n");
}

static void print_permuted(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", ");
    print_dims(p->s, "int32_t");
    printf(", %d);\n", (int)p->s->rank);
}

static void print_along(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", %d);\n", (int)p->s->axis);
}

static void print_gather(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", n[%d], %d);\n", (int)p->s->in[1], (int)p->s->axis);
}

static void print_scatter(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", n[%d], %d, %lld);\n", (int)p->s->in[1], (int)p->s->axis, (long long)p->s->dims[0]);
}

static void print_one_hot(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", %lld, %s);\n", (long long)p->s->dims[0], dtype_word(p->s->dtype));
}

static void print_cast(const place *p, wg_context *ctx)
{
    (void)ctx;
    print_start(p);
    printf(", %s);\n", dtype_word(p->s->dtype));
}

static void print_output(const place *p, wg_context *ctx)
{
    print_along(p, ctx);
}

static void print_grad(const place *p, wg_context *ctx)
{
    (void)ctx;
    printf("    CHECK(wg_grad(n[%d], &n[%d], 1, &n[%d]));\n", (int)p->s->in[0], (int)p->s->in[1],
           (int)p->i);
}

static void print_vjp(const place *p, wg_context *ctx)
{
    (void)ctx;
    printf("    CHECK(wg_vjp(&n[%d], &n[%d], 1, &n[%d], 1, &n[%d]));\n", (int)p->s->in[0],
           (int)p->s->in[1], (int)p->s->in[2], (int)p->i);
}

static void print_jvp(const place *p, wg_context *ctx)
{
    (void)ctx;
    printf("    CHECK(wg_jvp(&n[%d], 1, &n[%d], &n[%d], 1, &n[%d]));\n", (int)p->s->in[0],
           (int)p->s->in[1], (int)p->s->in[2], (int)p->i);
}

static void print_jacobian(const place *p, wg_context *ctx)
{
    (void)ctx;
    printf("    CHECK(wg_jacobian(n[%d], n[%d], &n[%d]));\n", (int)p->s->in[0], (int)p->s->in[1],
           (int)p->i);
}

/* The text of a sample's call with the program's nodes and dtype in place of its own. */
static void print_sample(const place *p, const wgt_program *program)
{
    const wgi_op *op = wgi_row_at(wgi_op_table_get(), (uint32_t)p->s->row);
    const wgi_sample *sample = &op->samples[p->s->sample];
    printf("    n[%d] = ", (int)p->i);
    const char *text = sample->text != NULL ? sample->text : "/* not to be printed */";
    for (const char *c = text; *c != '\0'; c++) {
        const bool starts = c == text || strchr(" (,", c[-1]) != NULL;
        if (starts && strncmp(c, "in[", 3) == 0) {
            printf("n[%d]", (int)p->s->in[c[3] - '0']);
            c += 4;
        } else if (starts && strncmp(c, "dtype", 5) == 0) {
            printf("%s", dtype_word((int32_t)program->dtype));
            c += 4;
        } else {
            putchar(*c);
        }
    }
    printf("; /* %s '%s' */\n", op->name, sample->name);
}

static void (*const printers[])(const place *p, wg_context *ctx) = {
#define WGT_CALL_PRINTER(name, form) print_##form,
    WGT_CALLS(WGT_CALL_PRINTER)
#undef WGT_CALL_PRINTER
};

static void print_head(const wgt_program *p)
{
    printf("/* The program of seed %llu. */\n", (unsigned long long)p->seed);
    printf("#include <stdio.h>\n#include <stdlib.h>\n\n#include <wengert/wengert.h>\n\n"
           "#define CHECK(call)                                                   \\\n"
           "    if ((call) != WG_OK) {                                            \\\n"
           "        fprintf(stderr, \"%%s\\n\", wg_graph_error(g));                  \\\n"
           "        exit(1);                                                      \\\n"
           "    }\n\n"
           "int main(void)\n{\n    wg_config config = {.size = sizeof config, .seed = %d};\n"
           "    wg_context *ctx;\n    wg_graph *g = NULL;\n    wg_tensor *t;\n"
           "    wg_node n[%d];\n    CHECK(wg_context_create(&config, &ctx));\n"
           "    CHECK(wg_graph_create(ctx, &g));\n    CHECK(wg_graph_set_step(g, %llu));\n",
           WGT_SAMPLE_SEED, (int)p->n_steps, (unsigned long long)p->seed);
}

static void print_tail(const wgt_program *p)
{
    if (p->loss >= 0) {
        printf("    CHECK(wg_backward(n[%d]));\n", (int)p->loss);
    }
    printf("    CHECK(wg_run(n, %d));\n", (int)p->n_steps);
    if (p->loss >= 0) {
        printf("    printf(\"%%a\\n\", wg_item(n[%d]));\n", (int)p->loss);
    }
    printf("    wg_graph_destroy(g);\n    wg_context_destroy(ctx);\n    return 0;\n}\n");
}

void wgt_program_print(const wgt_program *p)
{
    wg_context *ctx = wgt_context(0);
    print_head(p);
    for (int32_t i = 0; i < p->n_steps; i++) {
        const place at = {&p->steps[i], i};
        if (at.s->call == WGT_CALL_sample) {
            print_sample(&at, p);
        } else {
            printers[at.s->call](&at, ctx);
        }
    }
    print_tail(p);
    fflush(stdout);
    wg_context_destroy(ctx);
}
