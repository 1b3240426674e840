/// What the kernel says of files that were closed, renamed, made or removed: fanotify(7), inotify(7).
///
/// Linux only; elsewhere every call fails with ENOSYS.
#ifndef CPOSIX_KERNEL_EVENTS_H
#define CPOSIX_KERNEL_EVENTS_H

#include <stddef.h>
#include <stdint.h>

/// The bits of `cposix_file_event.kinds`, the same for both interfaces.
enum {
    /// A descriptor that could write was closed, and every mapping made of it is gone.
    CPOSIX_EVENT_CLOSED = 1,
    CPOSIX_EVENT_MOVED_TO = 2,
    CPOSIX_EVENT_MOVED_FROM = 4,
    CPOSIX_EVENT_CREATED = 8,
    CPOSIX_EVENT_REMOVED = 16,
    /// Opened, for reading or writing; inotify alone tells.
    CPOSIX_EVENT_OPENED = 32,
    /// The event concerns a directory.
    CPOSIX_EVENT_DIRECTORY = 64,
    /// Events were lost.
    CPOSIX_EVENT_OVERFLOW = 128,
    /// This inotify watch has ended: its directory is gone, or it was removed.
    CPOSIX_EVENT_UNWATCHED = 256,
};

/// One event. Its pointers lead into the buffer it was read from.
struct cposix_file_event {
    uint32_t kinds;
    /// Whose event it is (fanotify); 0 where the process is outside of our PID namespace.
    int32_t pid;
    /// Of the directory, as `cposix_inotify_watch` returned it.
    int32_t watch;
    /// The directory's file system id (8 bytes) and file handle (fanotify); NULL where there is none.
    const uint8_t *directory;
    size_t directory_length;
    /// The handle of the file itself; NULL where there is none.
    const void *file;
    /// In the directory; empty where the event has none.
    const char *name;
};

/// A group whose events have the process, the directory with the name, and the file.
///
/// Needs CAP_SYS_ADMIN and Linux 5.9. The queue is the kernel's default, 16,384 events: one without a
/// limit would take the machine's memory while its reader hangs. Returns a non-blocking descriptor, or -1.
int cposix_fanotify_open(void);

/// Asks for the events of the whole file system of `directory`. 0, or -1 with errno.
int cposix_fanotify_mark(int group, const char *directory);

int cposix_inotify_open(void);
/// Asks for the events in one directory: its number, or -1 with errno (ENOSPC: the user's table is full).
int cposix_inotify_watch(int group, const char *directory);
void cposix_inotify_unwatch(int group, int watch);

/// The first event in a buffer that read(2) filled. Returns its length there; 0 where there is no more.
size_t cposix_fanotify_next(const void *buffer, size_t length, struct cposix_file_event *event);
size_t cposix_inotify_next(const void *buffer, size_t length, struct cposix_file_event *event);

/// Opens what a handle of `cposix_fanotify_next` leads to, for looking only (O_PATH), which makes no
/// event. `mount` is any descriptor on that file system. -1 where it is gone, or without
/// CAP_DAC_READ_SEARCH.
int cposix_open_handle(int mount, const void *handle);

/// The handle of `directory`, opened again by `cposix_open_handle`: 0 where that works, else -1 with errno.
int cposix_probe_handles(const char *directory);

/// The type of the file system of `path` (statfs(2), `f_type`) and its id as events have it. 0, or -1.
int cposix_file_system(const char *path, uint64_t *type, uint8_t identifier[8]);

/// What /proc/PID/stat says of a process (proc(5)).
struct cposix_process {
    int32_t parent;
    /// 'Z' of one that waits for its parent.
    char state;
    /// The kernel closes its files next, or has (PF_EXITING, set before it closes any).
    int is_exiting;
    /// Threads that have not ended; of a 'Z' with more than one, files may still be open.
    int32_t threads;
    /// Page faults of all children it has waited for (`cminflt`): more when another one has ended, since no
    /// process gets by without any.
    uint64_t child_faults;
    /// Clock ticks since the machine's start; with the number it names one process for certain.
    uint64_t started;
};

/// Looks at a process, in one read of /proc. 0, or -1 where it is gone or hidden from us.
int cposix_look_at_process(int32_t pid, struct cposix_process *process);

/// A descriptor that becomes readable when a process of `cposix_await_exit` has ended, its last thread and
/// all its files included (epoll(7)).
int cposix_exits_open(void);
/// Adds a process: a descriptor to close when it is no longer awaited, or -1 (Linux before 5.3).
int cposix_await_exit(int exits, int32_t pid);
/// Takes the ends that were reported, so that the descriptor is readable at the next one.
void cposix_exits_consume(int exits);

#endif
