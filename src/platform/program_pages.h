#pragma once

namespace thalweg::platform {

// Unmaps the pages of the program's and its libraries' files that nobody may write: code, constants, tables of
// unwinding. Those that are wanted again are found in the page cache, at the price of a minor fault for each 64 KiB. To
// be called once, when a program has done what it does only at its start: that is most of what it has touched by then,
// and would count as its memory for ever.
void give_back_program_pages();

}  // namespace thalweg::platform
