/* C streams as writers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: asking whether a stream is a terminal leaves errno as it was. */
#include <wengert/stdio.h>

#include <errno.h>
#include <unistd.h>

bool wg_file_is_terminal(FILE *file)
{
    int kept = errno;
    bool is_terminal = false;
    if (file != NULL) {
        int descriptor = fileno(file);
        is_terminal = descriptor >= 0 && isatty(descriptor) == 1;
    }
    errno = kept;
    return is_terminal;
}

static wg_status write_file(void *user, const char *data, size_t bytes)
{
    FILE *file = user;
    if (file == NULL || (data == NULL && bytes > 0)) {
        return WG_ERR_ARGUMENT;
    }
    if (bytes > 0 && fwrite(data, 1, bytes, file) != bytes) {
        return WG_ERR_IO;
    }
    /* A line that is rewritten has no newline that would make the stream show it. */
    if (wg_file_is_terminal(file) && fflush(file) != 0) {
        return WG_ERR_IO;
    }
    return WG_OK;
}

wg_writer wg_file_writer(FILE *file)
{
    return (wg_writer){.write = write_file, .user = file};
}
