#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cposix.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/stat.h>

#ifdef __linux__
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#endif

int cposix_spawn_addchdir(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

int cposix_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
#endif
#endif
    (void)actions;
    (void)first;
    return 0;
}

short cposix_spawn_setsid_flag(void) {
#ifdef POSIX_SPAWN_SETSID
    return (short)POSIX_SPAWN_SETSID;
#else
    return 0;
#endif
}

int cposix_reflink(int target, int source) {
#ifdef __linux__
    return ioctl(target, FICLONE, source);
#else
    (void)target;
    (void)source;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

int cposix_reserve(int descriptor, off_t offset, off_t size) {
#ifdef __linux__
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, size);
#else
    (void)descriptor;
    (void)offset;
    (void)size;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

int cposix_pipe(int ends[2]) {
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC);
#else
    if (pipe(ends) != 0) return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

int cposix_become_subreaper(void) {
#ifdef __linux__
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#else
    return 0;
#endif
}

int cposix_take_lease(int descriptor) {
#ifdef __linux__
    // Who opens the file for writing while we hold the lease waits that long, and we get a signal: by
    // default SIGIO, which would end this process; SIGURG does nothing.
    if (fcntl(descriptor, F_SETSIG, SIGURG) != 0) return -1;
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) == 0) return 0;
    return errno == EAGAIN ? 1 : -1;
#else
    (void)descriptor;
    return -1;
#endif
}

int cposix_keeps_lease(int descriptor) {
#ifdef __linux__
    return fcntl(descriptor, F_GETLEASE) == F_RDLCK;
#else
    (void)descriptor;
    return 0;
#endif
}

void cposix_end_lease(int descriptor) {
#ifdef __linux__
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
#else
    (void)descriptor;
#endif
}

int cposix_has_writer(int descriptor) {
#ifdef __linux__
    int answer = cposix_take_lease(descriptor);
    if (answer == 0) cposix_end_lease(descriptor);
    return answer;
#else
    (void)descriptor;
    return -1;
#endif
}

int cposix_link_closed(int descriptor, const char *target) {
#ifdef __linux__
    int answer = cposix_take_lease(descriptor);
    if (answer != 0) return answer == 1 ? 0 : -1;
    char source[32];
    snprintf(source, sizeof source, "/proc/self/fd/%d", descriptor);
    int made = linkat(AT_FDCWD, source, AT_FDCWD, target, AT_SYMLINK_FOLLOW);
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return made == 0 ? 1 : -1;
#else
    (void)descriptor;
    (void)target;
    return -1;
#endif
}

int64_t cposix_birth_time(int directory, const char *name) {
#ifdef __linux__
    struct statx answer;
    if (statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &answer) == 0 &&
        (answer.stx_mask & STATX_BTIME))
        return (int64_t)answer.stx_btime.tv_sec * 1000000000 + answer.stx_btime.tv_nsec;
#else
    (void)directory;
    (void)name;
#endif
    return INT64_MIN;
}

int cposix_terminal_width(int descriptor) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

int cposix_terminal_height(int descriptor) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_row;
}

int cposix_flush(const char *directory) {
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -1;
#ifdef __linux__
    int done = syncfs(descriptor);
#else
    sync();
#ifdef F_FULLFSYNC
    // sync(2) of macOS only schedules; a file system without F_FULLFSYNC has fsync(2).
    int done = fcntl(descriptor, F_FULLFSYNC);
    if (done != 0) done = fsync(descriptor);
#else
    int done = fsync(descriptor);
#endif
#endif
    int code = errno;
    close(descriptor);
    errno = code;
    return done;
}

int cposix_is_in_memory(const char *path) {
#ifdef __linux__
    struct statfs information;
    if (statfs(path, &information) != 0)
        return 0;
    return information.f_type == TMPFS_MAGIC || information.f_type == RAMFS_MAGIC;
#else
    (void)path;
    return 0;
#endif
}
