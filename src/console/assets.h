/* The files of the pages as the build of web/ puts them into the binary: a table in C, since #embed of bytes is an
 * error in C++ with Clang 19. Each is there compressed. Without Node at build time the table is empty. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

struct console_asset {
  const char* path; /* "/assets/main-1a2b.js", "/index.html" */
  const char* type; /* "text/javascript; charset=utf-8" */
  const char* etag; /* without quotes: a hash of the content */
  const unsigned char* gzip;
  unsigned long gzip_size; /* bytes */
  unsigned long size;      /* bytes, inflated */
  int immutable;           /* its path has its hash, so it never changes */
};
extern const struct console_asset console_assets[];
extern const unsigned long console_assets_count;

#ifdef __cplusplus
}
#endif
