// A disk that stands still: preloaded (LD_PRELOAD), what the process wants on the disk is not there, and the call does
// not return, while there is a file of the name that STANDING_DISK says. What goes to the page cache goes on. Real
// devices do so that are about to fail, or whose network is gone.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>

namespace {

void wait_for_the_disk() {
  const char* const stands = std::getenv("STANDING_DISK");
  while (stands && ::access(stands, F_OK) == 0) ::poll(nullptr, 0, 10);
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

using Sync = int (*)(int);
using Write = ssize_t (*)(int, const void*, size_t, off_t);

ssize_t write_at(const char* name, int fd, const void* bytes, size_t size, off_t position) {
  if ((::fcntl(fd, F_GETFL) & O_DSYNC) != 0) wait_for_the_disk();
  return next<Write>(name)(fd, bytes, size, position);
}

}  // namespace

extern "C" {
int fdatasync(int fd) {
  wait_for_the_disk();
  return next<Sync>("fdatasync")(fd);
}
int fsync(int fd) {
  wait_for_the_disk();
  return next<Sync>("fsync")(fd);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t position) {
  return write_at("pwrite", fd, bytes, size, position);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t position) {
  return write_at("pwrite64", fd, bytes, size, position);
}
}
