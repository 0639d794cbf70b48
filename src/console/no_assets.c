/* A build without Node: the API is served, and a page that says what is missing. */
#include "console/assets.h"

const struct console_asset console_assets[1] = {{0}};
const unsigned long console_assets_count = 0;
