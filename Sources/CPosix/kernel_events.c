#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "kernel_events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
// Headers older than the kernel that the agent meets.
#ifndef FAN_REPORT_FID
#define FAN_REPORT_FID 0x00000200
#endif
#ifndef FAN_REPORT_DIR_FID
#define FAN_REPORT_DIR_FID 0x00000400
#endif
#ifndef FAN_REPORT_NAME
#define FAN_REPORT_NAME 0x00000800
#endif
#ifndef FAN_EVENT_INFO_TYPE_FID
#define FAN_EVENT_INFO_TYPE_FID 1
#endif
#ifndef FAN_EVENT_INFO_TYPE_DFID_NAME
#define FAN_EVENT_INFO_TYPE_DFID_NAME 2
#endif

int cposix_fanotify_open(void) {
    return fanotify_init(
        FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_FID | FAN_REPORT_DIR_FID |
            FAN_REPORT_NAME,
        O_RDONLY | O_LARGEFILE | O_CLOEXEC);
}

int cposix_fanotify_mark(int group, const char *directory) {
    uint64_t mask = FAN_CLOSE_WRITE | FAN_MOVED_TO | FAN_MOVED_FROM | FAN_CREATE | FAN_DELETE | FAN_ONDIR;
    return fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, directory);
}

int cposix_inotify_open(void) { return inotify_init1(IN_NONBLOCK | IN_CLOEXEC); }

int cposix_inotify_watch(int group, const char *directory) {
    uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_OPEN;
    return inotify_add_watch(group, directory, mask | IN_ONLYDIR | IN_DONT_FOLLOW);
}

void cposix_inotify_unwatch(int group, int watch) { inotify_rm_watch(group, watch); }

/// The file system's id, the handle's two numbers, then the handle: fanotify(7).
enum { IDENTIFIER = 8, HANDLE_HEADER = 8 };

static void read_information(
    const uint8_t *record, size_t length, struct cposix_file_event *event) {
    struct fanotify_event_info_header header;
    memcpy(&header, record, sizeof header);
    if (length < sizeof header + IDENTIFIER + HANDLE_HEADER) return;
    const uint8_t *identifier = record + sizeof header;
    const uint8_t *handle = identifier + IDENTIFIER;
    uint32_t bytes;
    memcpy(&bytes, handle, sizeof bytes);
    size_t before_name = sizeof header + IDENTIFIER + HANDLE_HEADER + (size_t)bytes;
    if (bytes > MAX_HANDLE_SZ || before_name > length) return;
    if (header.info_type == FAN_EVENT_INFO_TYPE_FID) {
        event->file = handle;
    } else if (header.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME) {
        event->directory = identifier;
        event->directory_length = IDENTIFIER + HANDLE_HEADER + (size_t)bytes;
        const char *name = (const char *)record + before_name;
        if (memchr(name, 0, length - before_name)) event->name = name;
    }
}

size_t cposix_fanotify_next(const void *buffer, size_t length, struct cposix_file_event *event) {
    struct fanotify_event_metadata metadata;
    if (length < sizeof metadata) return 0;
    memcpy(&metadata, buffer, sizeof metadata);
    if (metadata.event_len < sizeof metadata || metadata.event_len > length ||
        metadata.vers != FANOTIFY_METADATA_VERSION)
        return 0;
    memset(event, 0, sizeof *event);
    event->name = "";
    event->pid = metadata.pid;
    if (metadata.mask & FAN_CLOSE_WRITE) event->kinds |= CPOSIX_EVENT_CLOSED;
    if (metadata.mask & FAN_MOVED_TO) event->kinds |= CPOSIX_EVENT_MOVED_TO;
    if (metadata.mask & FAN_MOVED_FROM) event->kinds |= CPOSIX_EVENT_MOVED_FROM;
    if (metadata.mask & FAN_CREATE) event->kinds |= CPOSIX_EVENT_CREATED;
    if (metadata.mask & FAN_DELETE) event->kinds |= CPOSIX_EVENT_REMOVED;
    if (metadata.mask & FAN_ONDIR) event->kinds |= CPOSIX_EVENT_DIRECTORY;
    if (metadata.mask & FAN_Q_OVERFLOW) event->kinds |= CPOSIX_EVENT_OVERFLOW;
    const uint8_t *start = buffer;
    size_t offset = metadata.metadata_len;
    while (offset + sizeof(struct fanotify_event_info_header) <= metadata.event_len) {
        struct fanotify_event_info_header header;
        memcpy(&header, start + offset, sizeof header);
        if (header.len < sizeof header || header.len > metadata.event_len - offset) break;
        read_information(start + offset, header.len, event);
        offset += header.len;
    }
    return metadata.event_len;
}

size_t cposix_inotify_next(const void *buffer, size_t length, struct cposix_file_event *event) {
    struct inotify_event header;
    if (length < sizeof header) return 0;
    memcpy(&header, buffer, sizeof header);
    if (header.len > length - sizeof header) return 0;
    memset(event, 0, sizeof *event);
    event->watch = header.wd;
    event->name = header.len > 0 ? (const char *)buffer + sizeof header : "";
    if (header.mask & IN_CLOSE_WRITE) event->kinds |= CPOSIX_EVENT_CLOSED;
    if (header.mask & IN_MOVED_TO) event->kinds |= CPOSIX_EVENT_MOVED_TO;
    if (header.mask & IN_MOVED_FROM) event->kinds |= CPOSIX_EVENT_MOVED_FROM;
    if (header.mask & IN_CREATE) event->kinds |= CPOSIX_EVENT_CREATED;
    if (header.mask & IN_DELETE) event->kinds |= CPOSIX_EVENT_REMOVED;
    if (header.mask & IN_OPEN) event->kinds |= CPOSIX_EVENT_OPENED;
    if (header.mask & IN_ISDIR) event->kinds |= CPOSIX_EVENT_DIRECTORY;
    if (header.mask & IN_Q_OVERFLOW) event->kinds |= CPOSIX_EVENT_OVERFLOW;
    if (header.mask & IN_IGNORED) event->kinds |= CPOSIX_EVENT_UNWATCHED;
    return sizeof header + header.len;
}

int cposix_open_handle(int mount, const void *handle) {
    // The kernel reads the handle only; the prototype lacks the const.
    return open_by_handle_at(mount, (struct file_handle *)handle, O_PATH | O_CLOEXEC);
}

int cposix_probe_handles(const char *directory) {
    union {
        struct file_handle handle;
        uint8_t bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } space;
    memset(&space, 0, sizeof space);
    space.handle.handle_bytes = MAX_HANDLE_SZ;
    int mount_number;
    if (name_to_handle_at(AT_FDCWD, directory, &space.handle, &mount_number, 0) != 0) return -1;
    int mount = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mount < 0) return -1;
    int descriptor = cposix_open_handle(mount, &space.handle);
    int code = errno;
    close(mount);
    if (descriptor >= 0) close(descriptor);
    errno = code;
    return descriptor >= 0 ? 0 : -1;
}

int cposix_file_system(const char *path, uint64_t *type, uint8_t identifier[8]) {
    struct statfs answer;
    if (statfs(path, &answer) != 0) return -1;
    // Signed in some headers: the upper half of a negative number is no part of it.
    *type = (uint32_t)answer.f_type;
    memcpy(identifier, &answer.f_fsid, 8);
    return 0;
}

int cposix_look_at_process(int32_t pid, struct cposix_process *process) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    char text[1024];
    ssize_t length = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (length <= 0) return -1;
    text[length] = 0;
    // The name, in parentheses, may hold anything, a parenthesis too.
    const char *rest = strrchr(text, ')');
    unsigned flags;
    unsigned long long faults, started;
    if (!rest ||
        sscanf(
            rest + 1,
            // state ppid pgrp session tty tpgid flags, minflt cminflt majflt cmajflt utime stime,
            // cutime cstime priority nice num_threads itrealvalue starttime.
            " %c %d %*d %*d %*d %*d %u"
            " %*u %llu %*u %*u %*u %*u"
            " %*d %*d %*d %*d %d %*d %llu",
            &process->state, &process->parent, &flags, &faults, &process->threads, &started) != 6)
        return -1;
    process->is_exiting = (flags & 0x4) != 0;
    process->child_faults = faults;
    process->started = started;
    return 0;
}

int cposix_exits_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cposix_await_exit(int exits, int32_t pid) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor < 0) return -1;
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLONESHOT};
    if (epoll_ctl(exits, EPOLL_CTL_ADD, descriptor, &wanted) == 0) return descriptor;
    close(descriptor);
    return -1;
}

void cposix_exits_consume(int exits) {
    struct epoll_event ended[64];
    while (epoll_wait(exits, ended, 64, 0) == 64) {}
}

#else

static int unavailable(void) {
    errno = ENOSYS;
    return -1;
}

int cposix_fanotify_open(void) { return unavailable(); }
int cposix_fanotify_mark(int group, const char *directory) {
    (void)group;
    (void)directory;
    return unavailable();
}
int cposix_inotify_open(void) { return unavailable(); }
int cposix_inotify_watch(int group, const char *directory) {
    (void)group;
    (void)directory;
    return unavailable();
}
void cposix_inotify_unwatch(int group, int watch) {
    (void)group;
    (void)watch;
}
size_t cposix_fanotify_next(const void *buffer, size_t length, struct cposix_file_event *event) {
    (void)buffer;
    (void)length;
    (void)event;
    return 0;
}
size_t cposix_inotify_next(const void *buffer, size_t length, struct cposix_file_event *event) {
    (void)buffer;
    (void)length;
    (void)event;
    return 0;
}
int cposix_open_handle(int mount, const void *handle) {
    (void)mount;
    (void)handle;
    return unavailable();
}
int cposix_probe_handles(const char *directory) {
    (void)directory;
    return unavailable();
}
int cposix_look_at_process(int32_t pid, struct cposix_process *process) {
    (void)pid;
    (void)process;
    return unavailable();
}
int cposix_file_system(const char *path, uint64_t *type, uint8_t identifier[8]) {
    (void)path;
    (void)type;
    (void)identifier;
    return unavailable();
}

int cposix_exits_open(void) { return unavailable(); }
int cposix_await_exit(int exits, int32_t pid) {
    (void)exits;
    (void)pid;
    return unavailable();
}
void cposix_exits_consume(int exits) { (void)exits; }

#endif
