/// What Swift cannot import from the C library: variadic calls, non-portable calls and macros.
#ifndef CPOSIX_H
#define CPOSIX_H

#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel_events.h"

/// Makes the child start in `path`. Not imported by Swift because glibc marks it non-portable.
int cposix_spawn_addchdir(posix_spawn_file_actions_t *actions, const char *path);

/// Closes every descriptor from `first` on in the child, so that it inherits nothing by accident.
/// Does nothing where the C library cannot (glibc before 2.34); macOS has a spawn flag for it.
int cposix_spawn_close_from(posix_spawn_file_actions_t *actions, int first);

/// POSIX_SPAWN_SETSID where the platform has it (glibc >= 2.26, macOS), else 0.
short cposix_spawn_setsid_flag(void);

/// Shares the extents of `source` with the empty file `target` (Linux FICLONE, macOS has clonefile).
/// Returns 0, or -1 with errno; EOPNOTSUPP or EXDEV where the file system cannot.
int cposix_reflink(int target, int source);

/// Takes room on the disk for `size` bytes from `offset` on, beyond the file's end, which stays where it
/// is (Linux fallocate(2), FALLOC_FL_KEEP_SIZE). Returns 0, or -1 with errno.
int cposix_reserve(int descriptor, off_t offset, off_t size);

/// pipe(2) whose ends no child inherits: atomically so on Linux, where another thread may be spawning.
int cposix_pipe(int ends[2]);

/// Makes this process the parent of its orphaned descendants (Linux), so none escapes a teardown.
int cposix_become_subreaper(void);

/// Whether any process can write to the file open, for reading only, at `descriptor`: has it open for
/// writing, or mapped so. 1 yes, 0 no, -1 not known: no lease to be had here (Linux F_SETLEASE).
int cposix_has_writer(int descriptor);

/// Keeps writers of the file open, for reading only, at `descriptor` waiting until the last copy of that
/// descriptor is closed in every process, or until the system's patience ends (Linux, /proc/sys/fs/lease-break-time, 45 s). 0 taken, 1 it has a writer,
/// -1 no lease to be had here.
int cposix_take_lease(int descriptor);

/// Whether that lease still holds, and nobody waits for its end: 1 yes, 0 no.
int cposix_keeps_lease(int descriptor);

/// Ends that lease, whoever has copies of the descriptor.
void cposix_end_lease(int descriptor);

/// Makes `target` a hard link of the file open, for reading only, at `descriptor`, in a moment in which
/// nobody can write to it: a lease keeps writers out meanwhile. 1 made, 0 it has a writer, -1 not
/// possible here.
int cposix_link_closed(int descriptor, const char *target);

/// When the file `name` in `directory` was made, in nanoseconds since 1970; INT64_MIN where the file
/// system does not tell (Linux statx, `stx_btime`).
int64_t cposix_birth_time(int directory, const char *name);

/// Brings all that was written to the file system of `directory` onto its disk, and waits for it
/// (Linux syncfs; all file systems elsewhere). What a power cut then leaves is at least that. 0, or -1 with
/// errno where the disk did not take all of it (Linux since 5.8).
int cposix_flush(const char *directory);

/// Whether the file system of `path` is in memory (Linux tmpfs and ramfs): 1 yes, 0 no or not known.
int cposix_is_in_memory(const char *path);

/// Goes on with a CRC32C (0 at first) over more bytes, by the processor's instruction where it has one.
uint32_t cposix_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same by tables alone: what a processor without that instruction gets.
uint32_t cposix_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

/// An MD5 on its way; made by `cposix_md5_start`.
struct cposix_md5 {
    uint32_t state[4];
    uint64_t length;
    unsigned char pending[64];
};

void cposix_md5_start(struct cposix_md5 *digest);
void cposix_md5_update(struct cposix_md5 *digest, const void *bytes, size_t count);
/// Writes the 16 bytes; the digest is used up.
void cposix_md5_finish(struct cposix_md5 *digest, unsigned char result[16]);

/// How many columns the terminal behind `descriptor` has; 0 where it is none.
int cposix_terminal_width(int descriptor);

/// Its rows, or 0 where it is no terminal.
int cposix_terminal_height(int descriptor);

#endif
