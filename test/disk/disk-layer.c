/*
 * A disk between a program and the system: loaded in front of the C library (LD_PRELOAD), by tests.
 *
 * 1. Every operation on the watched files is carried out and then noted in a journal, in order:
 *    what is created, written, cut off, unlinked, and what a sync came to. What the disk would hold
 *    after a power failure is worked out from it afterwards.
 * 2. What leaves over HTTP is noted before it leaves: so it can be told which syncs came first.
 * 3. A control page, shared with the test, makes operations fail or wait, or ends the process by
 *    SIGKILL after so many more notes.
 *
 * The index of a WAL (-shm) is memory that is shared through a file, and is passed over. A process
 * without the variables below is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 4096
#define BUFFERS_MAX 64

/* As disk-layer.ts writes it; an error is an errno, 0 is none. */
struct control {
  _Atomic int32_t notes_left;
  _Atomic int32_t write_error;
  _Atomic int32_t sync_error;
  _Atomic int32_t open_error;
  _Atomic int32_t sync_delay_ms;
  _Atomic int32_t syncs_begun;
  _Atomic int32_t syncs_ended;
};

enum kind { NOTHING = 0, FILE_WATCHED, FOLDER_WATCHED };

struct note {
  uint8_t type;
  uint8_t padding[7];
  uint64_t inode;
  uint64_t offset;
  uint64_t length;
};

static struct {
  enum kind kind;
  uint64_t inode;
} descriptors[FILES_MAX];

static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *store;
static char folder[4096];
static int journal = -1;
static struct control *control;

#define REAL(result, name, ...) \
  static result (*real)(__VA_ARGS__); \
  if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, name)

static int real_open(const char *path, int flags, mode_t mode) {
  REAL(int, "open64", const char *, int, ...);
  return real(path, flags, mode);
}

static void begin(void) {
  const char *control_path = getenv("DISK_LAYER_CONTROL");
  const char *journal_path = getenv("DISK_LAYER_JOURNAL");
  store = getenv("DISK_LAYER_STORE");
  if (store == NULL || control_path == NULL || journal_path == NULL) {
    store = NULL;
    return;
  }
  strncpy(folder, store, sizeof folder - 1);
  *strrchr(folder, '/') = '\0';
  int page = real_open(control_path, O_RDWR | O_CLOEXEC, 0);
  control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
  journal = real_open(journal_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (page < 0 || journal < 0 || control == MAP_FAILED) abort();
}

/* Ends the process in front of whatever comes next, where the test has said so. */
static void note(char type, uint64_t inode, uint64_t offset, const struct iovec *parts, int count) {
  struct note head = {.type = (uint8_t)type, .inode = inode, .offset = offset};
  struct iovec all[BUFFERS_MAX + 1] = {{&head, sizeof head}};
  for (int part = 0; part < count; part += 1) {
    all[part + 1] = parts[part];
    head.length += parts[part].iov_len;
  }
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  pthread_mutex_lock(&journal_lock);
  if (real(journal, all, count + 1) != (ssize_t)(sizeof head + head.length)) abort();
  if (atomic_load(&control->notes_left) > 0 && atomic_fetch_sub(&control->notes_left, 1) == 1) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
  pthread_mutex_unlock(&journal_lock);
}

static void note_text(char type, uint64_t inode, const char *text) {
  struct iovec part = {(void *)text, strlen(text)};
  note(type, inode, 0, &part, 1);
}

/* The part of a watched path behind the folder; NULL for all others. */
static const char *watched(const char *path) {
  pthread_once(&once, begin);
  if (store == NULL || path == NULL || strncmp(path, store, strlen(store)) != 0) return NULL;
  size_t length = strlen(path);
  if (length > 4 && strcmp(path + length - 4, "-shm") == 0) return NULL;
  return strrchr(path, '/') + 1;
}

/* A file system that became read-only says so to whoever asks whether a file may be written. */
int access(const char *path, int mode) {
  REAL(int, "access", const char *, int);
  if ((mode & W_OK) && watched(path) != NULL && atomic_load(&control->write_error) == EROFS) {
    errno = EROFS;
    return -1;
  }
  return real(path, mode);
}

static enum kind kind_of(int descriptor) {
  return descriptor >= 0 && descriptor < FILES_MAX ? descriptors[descriptor].kind : NOTHING;
}

static int opened(const char *path, int flags, mode_t mode) {
  const char *name = watched(path);
  int error = name == NULL ? 0 : atomic_load(&control->open_error);
  if (error != 0 && (flags & O_ACCMODE) != O_RDONLY) {
    errno = error;
    return -1;
  }
  int is_new = name != NULL && (flags & O_CREAT) && access(path, F_OK) != 0;
  int descriptor = real_open(path, flags, mode);
  if (descriptor < 0 || descriptor >= FILES_MAX || store == NULL) return descriptor;
  int is_folder = name == NULL && strcmp(path, folder) == 0;
  if (name == NULL && !is_folder) return descriptor;
  struct stat found;
  if (fstat(descriptor, &found) != 0) abort();
  descriptors[descriptor].kind = is_folder ? FOLDER_WATCHED : FILE_WATCHED;
  descriptors[descriptor].inode = found.st_ino;
  if (name != NULL) note_text(is_new ? 'C' : 'O', found.st_ino, name);
  if (name != NULL && !is_new && (flags & O_TRUNC)) note('T', found.st_ino, 0, NULL, 0);
  return descriptor;
}

static mode_t mode_in(int flags, va_list arguments) {
  return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(arguments, int) : 0;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list arguments; \
    va_start(arguments, flags); \
    mode_t mode = mode_in(flags, arguments); \
    va_end(arguments); \
    return opened(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

int close(int descriptor) {
  REAL(int, "close", int);
  if (kind_of(descriptor) != NOTHING) descriptors[descriptor].kind = NOTHING;
  return real(descriptor);
}

static ssize_t written(int descriptor, const void *bytes, size_t length, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  if (kind_of(descriptor) != FILE_WATCHED) return real(descriptor, bytes, length, offset);
  int error = atomic_load(&control->write_error);
  if (error != 0) {
    errno = error;
    return -1;
  }
  ssize_t count = real(descriptor, bytes, length, offset);
  struct iovec part = {(void *)bytes, count > 0 ? (size_t)count : 0};
  if (count > 0) note('W', descriptors[descriptor].inode, (uint64_t)offset, &part, 1);
  return count;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
  return written(descriptor, bytes, length, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
  return written(descriptor, bytes, length, offset);
}

/* Orders that go to the broker, and answers that go to clients. */
static int is_message(const void *bytes, size_t length) {
  pthread_once(&once, begin);
  if (store == NULL) return 0;
  return (length > 15 && memcmp(bytes, "POST /v2/orders", 15) == 0) ||
         (length > 9 && memcmp(bytes, "HTTP/1.1 ", 9) == 0);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  if (kind_of(descriptor) == FILE_WATCHED) {
    off64_t place = lseek64(descriptor, 0, SEEK_CUR);
    ssize_t count = written(descriptor, bytes, length, place);
    if (count > 0) lseek64(descriptor, place + count, SEEK_SET);
    return count;
  }
  struct iovec part = {(void *)bytes, length};
  if (is_message(bytes, length)) note('M', 0, 0, &part, 1);
  return real(descriptor, bytes, length);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  if (kind_of(descriptor) == FILE_WATCHED) abort();
  int is_noted = count > 0 && count <= BUFFERS_MAX;
  if (is_noted && is_message(parts[0].iov_base, parts[0].iov_len)) note('M', 0, 0, parts, count);
  return real(descriptor, parts, count);
}

static int truncated(int descriptor, off64_t length) {
  REAL(int, "ftruncate64", int, off64_t);
  int result = real(descriptor, length);
  if (result == 0 && kind_of(descriptor) == FILE_WATCHED) {
    note('T', descriptors[descriptor].inode, (uint64_t)length, NULL, 0);
  }
  return result;
}

int ftruncate(int descriptor, off_t length) { return truncated(descriptor, length); }

int ftruncate64(int descriptor, off64_t length) { return truncated(descriptor, length); }

static void wait_ms(int32_t duration) {
  struct timespec rest = {duration / 1000, (long)(duration % 1000) * 1000000};
  while (nanosleep(&rest, &rest) != 0) {
  }
}

static int synced(int descriptor, int (*real)(int)) {
  enum kind kind = kind_of(descriptor);
  if (kind == NOTHING) return real(descriptor);
  atomic_fetch_add(&control->syncs_begun, 1);
  wait_ms(atomic_load(&control->sync_delay_ms));
  int error = atomic_load(&control->sync_error);
  uint64_t inode = descriptors[descriptor].inode;
  int result = error == 0 ? real(descriptor) : -1;
  if (kind == FOLDER_WATCHED && result == 0) note('D', inode, 0, NULL, 0);
  if (kind == FILE_WATCHED) note(result == 0 ? 'S' : 'F', inode, 0, NULL, 0);
  atomic_fetch_add(&control->syncs_ended, 1);
  if (error != 0) errno = error;
  return result;
}

int fsync(int descriptor) {
  REAL(int, "fsync", int);
  return synced(descriptor, real);
}

int fdatasync(int descriptor) {
  REAL(int, "fdatasync", int);
  return synced(descriptor, real);
}

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  const char *name = watched(path);
  int result = real(path);
  if (result == 0 && name != NULL) note_text('U', 0, name);
  return result;
}
