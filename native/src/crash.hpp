// Last words when a core crashes: which core, in which frame of which game.
//
// The process ends as it would have without us; one line on its standard error says why.
#pragma once

#include <cstdint>

namespace ngp::crash {

// Where a thread is while it is inside a core. Everything is ready to be written, because the heap may be broken.
struct Site {
  const char* core = "";
  const char* game = "";
  std::uint64_t frame = 0;  // frames that have run
};

// Says that this thread enters a core, or, with nullptr, that it is back. Returns what was said before.
const Site* enter(const Site* site);

// Listens for crashes from now on; whoever listened before is told afterwards.
void listen();

}  // namespace ngp::crash
