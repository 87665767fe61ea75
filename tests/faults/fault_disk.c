/* A disk that fails when it is told to: loaded before the C library (LD_PRELOAD).

   Every call that changes something under the watched folders is counted, and given to a log. At
   the chosen number it fails with an error, fails from then on, or kills the process. A write that
   fails or kills has put half of its bytes on the disk before.

   Nothing happens until disk_fails() is called. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum manner { ONCE = 0, FROM_THEN_ON = 1, KILL = 2 };

static struct {
    char folders[4][PATH_MAX];
    int folder_count;
    long at; /* the number that fails, from 1; 0: none */
    int error;
    enum manner manner;
    int log;
    long counted;
    bool on;
} plan;

#define NEXT(function)                                        \
    ({                                                        \
        static __typeof__(&function) found;                   \
        if (!found) found = dlsym(RTLD_NEXT, #function);      \
        found;                                                \
    })

/* Called from Python. `folders` are absolute and divided by colons; `log` is a descriptor or -1. */
void disk_fails(const char *folders, long at, int error, int manner, int log)
{
    plan.on = false;
    plan.folder_count = 0;
    while (*folders && plan.folder_count < 4) {
        size_t length = strcspn(folders, ":");
        char *place = plan.folders[plan.folder_count++];
        if (length >= PATH_MAX) length = PATH_MAX - 1;
        memcpy(place, folders, length);
        place[length] = 0;
        folders += length + (folders[length] == ':');
    }
    plan.at = at;
    plan.error = error;
    plan.manner = manner;
    plan.log = log;
    plan.counted = 0;
    plan.on = true;
}

static bool is_watched(const char *path)
{
    for (int i = 0; i < plan.folder_count; i++) {
        size_t length = strlen(plan.folders[i]);
        if (!strncmp(path, plan.folders[i], length) && (!path[length] || path[length] == '/'))
            return true;
    }
    return false;
}

/* The absolute path of `path` as seen from the folder `at`; false where that can't be told. */
static bool absolute(int at, const char *path, char *out)
{
    char folder[PATH_MAX], link[64];
    if (path[0] == '/') return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX;
    if (at == AT_FDCWD) {
        if (!getcwd(folder, sizeof folder)) return false;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        ssize_t length = readlink(link, folder, sizeof folder - 1);
        if (length < 0) return false;
        folder[length] = 0;
    }
    return snprintf(out, PATH_MAX, "%s/%s", folder, path) < PATH_MAX;
}

/* A full disk still takes this. */
static bool frees(const char *what)
{
    return !strcmp(what, "unlink") || !strcmp(what, "truncate");
}

/* Whether the call is to go through; may not come back. */
static bool passes(const char *what, const char *path)
{
    long number = __atomic_add_fetch(&plan.counted, 1, __ATOMIC_SEQ_CST);
    if (plan.log >= 0) {
        char line[PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%ld\t%s\t%s\n", number, what, path);
        if (NEXT(write)(plan.log, line, length) < 0) plan.log = -1;
    }
    if (!plan.at || number < plan.at || (plan.manner != FROM_THEN_ON && number > plan.at))
        return true;
    if (number > plan.at && plan.error == ENOSPC && frees(what)) return true;
    if (plan.manner == KILL) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    errno = plan.error;
    return false;
}

static bool is_next(void)
{
    return plan.at && plan.counted + 1 == plan.at;
}

static bool path_passes(const char *what, int at, const char *path)
{
    char whole[PATH_MAX];
    if (!plan.on || !path || !absolute(at, path, whole) || !is_watched(whole)) return true;
    return passes(what, whole);
}

static bool is_there(int at, const char *path)
{
    return !faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW);
}

/* The regular file behind a descriptor, if it is watched. */
static bool watched_file(int descriptor, char *path)
{
    char link[64];
    if (!plan.on || descriptor == plan.log) return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return false;
    path[length] = 0;
    return is_watched(path);
}

static bool descriptor_passes(const char *what, int descriptor)
{
    char path[PATH_MAX];
    return !watched_file(descriptor, path) || passes(what, path);
}

static bool is_writing(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
}

#define OPEN(name, at, call)                                            \
    mode_t mode = 0;                                                    \
    if (flags & (O_CREAT | __O_TMPFILE)) {                              \
        va_list rest;                                                   \
        va_start(rest, flags);                                          \
        mode = va_arg(rest, mode_t);                                    \
        va_end(rest);                                                   \
    }                                                                   \
    if (is_writing(flags) && !path_passes("open", at, path)) return -1; \
    return call

int open(const char *path, int flags, ...)
{
    OPEN(open, AT_FDCWD, NEXT(open)(path, flags, mode));
}
int open64(const char *path, int flags, ...)
{
    OPEN(open64, AT_FDCWD, NEXT(open64)(path, flags, mode));
}
int openat(int at, const char *path, int flags, ...)
{
    OPEN(openat, at, NEXT(openat)(at, path, flags, mode));
}
int openat64(int at, const char *path, int flags, ...)
{
    OPEN(openat64, at, NEXT(openat64)(at, path, flags, mode));
}
FILE *fopen(const char *path, const char *mode)
{
    if (strpbrk(mode, "wa+") && !path_passes("open", AT_FDCWD, path)) return NULL;
    return NEXT(fopen)(path, mode);
}
FILE *fopen64(const char *path, const char *mode)
{
    if (strpbrk(mode, "wa+") && !path_passes("open", AT_FDCWD, path)) return NULL;
    return NEXT(fopen64)(path, mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count)
{
    char path[PATH_MAX];
    if (watched_file(descriptor, path)) {
        if (is_next() && count > 1 && NEXT(write)(descriptor, bytes, count / 2) < 0) return -1;
        if (!passes("write", path)) return -1;
    }
    return NEXT(write)(descriptor, bytes, count);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset)
{
    return descriptor_passes("write", descriptor)
               ? NEXT(pwrite64)(descriptor, bytes, count, offset) : -1;
}
ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    return descriptor_passes("write", descriptor) ? NEXT(writev)(descriptor, parts, count) : -1;
}
ssize_t sendfile64(int to, int from, off64_t *offset, size_t count)
{
    return descriptor_passes("write", to) ? NEXT(sendfile64)(to, from, offset, count) : -1;
}
ssize_t copy_file_range(int from, off64_t *start, int to, off64_t *place, size_t count,
                        unsigned flags)
{
    return descriptor_passes("write", to)
               ? NEXT(copy_file_range)(from, start, to, place, count, flags) : -1;
}

int fsync(int descriptor)
{
    return descriptor_passes("fsync", descriptor) ? NEXT(fsync)(descriptor) : -1;
}
int fdatasync(int descriptor)
{
    return descriptor_passes("fsync", descriptor) ? NEXT(fdatasync)(descriptor) : -1;
}
int ftruncate(int descriptor, off_t length)
{
    return descriptor_passes("truncate", descriptor) ? NEXT(ftruncate)(descriptor, length) : -1;
}
int ftruncate64(int descriptor, off64_t length)
{
    return descriptor_passes("truncate", descriptor) ? NEXT(ftruncate64)(descriptor, length) : -1;
}
int truncate64(const char *path, off64_t length)
{
    return path_passes("truncate", AT_FDCWD, path) ? NEXT(truncate64)(path, length) : -1;
}

int rename(const char *from, const char *to)
{
    return path_passes("rename", AT_FDCWD, to) ? NEXT(rename)(from, to) : -1;
}
int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return path_passes("rename", to_folder, to)
               ? NEXT(renameat)(from_folder, from, to_folder, to) : -1;
}
int link(const char *from, const char *to)
{
    return path_passes("link", AT_FDCWD, to) ? NEXT(link)(from, to) : -1;
}
int symlink(const char *target, const char *path)
{
    return path_passes("link", AT_FDCWD, path) ? NEXT(symlink)(target, path) : -1;
}
/* What is there is not made, and what is not there is not removed, on any disk. */
int mkdir(const char *path, mode_t mode)
{
    return is_there(AT_FDCWD, path) || path_passes("mkdir", AT_FDCWD, path) ? NEXT(mkdir)(path, mode) : -1;
}
int mkdirat(int at, const char *path, mode_t mode)
{
    return is_there(at, path) || path_passes("mkdir", at, path) ? NEXT(mkdirat)(at, path, mode) : -1;
}
int unlink(const char *path)
{
    return !is_there(AT_FDCWD, path) || path_passes("unlink", AT_FDCWD, path) ? NEXT(unlink)(path) : -1;
}
int unlinkat(int at, const char *path, int flags)
{
    return !is_there(at, path) || path_passes("unlink", at, path) ? NEXT(unlinkat)(at, path, flags) : -1;
}
int rmdir(const char *path)
{
    return !is_there(AT_FDCWD, path) || path_passes("unlink", AT_FDCWD, path) ? NEXT(rmdir)(path) : -1;
}
