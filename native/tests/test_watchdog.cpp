// Cores that hang are left behind, and the others go on.
#include "watchdog.hpp"

#include <sys/times.h>
#include <unistd.h>

#include <algorithm>

#include "check.hpp"
#include "errors.hpp"

using namespace ngp;
using namespace ngp::test;

namespace {

// A thread sanitizer sees signals only when a thread waits, so that a busy hang never ends under it.
#if defined(__SANITIZE_THREAD__)
constexpr const char* kHang = "w";
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr const char* kHang = "w";
#else
constexpr const char* kHang = "h";
#endif
#else
constexpr const char* kHang = "h";
#endif

std::uint32_t frame_of(Pool& pool, std::size_t lane) {
  std::uint32_t frame;
  std::copy_n(pool.lane(lane).core().memory().front().data, sizeof frame, reinterpret_cast<std::uint8_t*>(&frame));
  return frame;
}

void check_a_hanging_lane(unsigned num_threads) {
  std::vector<std::unique_ptr<Lane>> lanes;
  for (const char* fault : {"n", kHang, "n", "n"}) lanes.push_back(std::make_unique<Lane>(faulty_lane(fault)));
  Pool pool(std::move(lanes), num_threads);
  Rows rows(pool);
  const std::vector<std::size_t> all = all_of(pool);
  pool.reset(all);
  const Bytes first(rows.observation.begin(), rows.observation.begin() + static_cast<long>(rows.observation_size));
  const std::uint32_t start = frame_of(pool, 0);
  const std::uint32_t idle[] = {2, 2, 2, 2}, pressed[] = {1, 1, 1, 1};
  pool.step(all, idle);
  CHECK_THROWS(EngineError, "Lane 1: The core Faulty did not come back from a frame after frame 8 of", pool.step(all, pressed));
  for (const std::size_t lane : all) CHECK(frame_of(pool, lane) == start + (lane == 1 ? 0 : 8));
  CHECK(std::equal(first.begin(), first.end(), rows.observation.begin() + static_cast<long>(rows.observation_size)));
  pool.step(all, idle);
  for (const std::size_t lane : all) CHECK(frame_of(pool, lane) == start + (lane == 1 ? 4 : 12));
}

void check_a_lost_console() {
  Core core(core_spec("faulty", "faulty.rom"), bytes(kHang));
  core.set_buttons(0, 1);
  CHECK_THROWS(HangError, "did not come back from a frame", core.run());
  CHECK_THROWS(EngineError, "make a new console", core.run());
  CHECK_THROWS(EngineError, "make a new console", core.save());
}

void check_a_hanging_state() {
  LaneSpec spec = faulty_lane("n");
  Bytes hangs = *spec.start_state;
  hangs.at(hangs.size() - 1) = 1;
  spec.start_state = std::make_shared<const Bytes>(hangs);
  CHECK_THROWS(HangError, "did not come back from taking a state", Lane{spec});
}

void check_a_hanging_game() {
#if !defined(__SANITIZE_THREAD__)
  CHECK_THROWS(HangError, "did not come back from loading its game", Core(core_spec("faulty", "faulty.rom"), bytes("L")));
#endif
}

// The processor's time that this process takes while it sleeps for a quarter of a second, in hundredths of one.
long idle_ticks() {
  tms before{}, after{};
  ::times(&before);
  ::usleep(250'000);
  ::times(&after);
  return after.tms_utime + after.tms_stime - before.tms_utime - before.tms_stime;
}

}  // namespace

int main() {
  watchdog::set_timeout(0.25);
  CHECK(watchdog::timeout() == 0.25);
  CHECK_THROWS(EngineError, "number of seconds", watchdog::set_timeout(-1));
  check_a_lost_console();
  check_a_hanging_state();
  check_a_hanging_game();
  check_a_hanging_lane(1);
  check_a_hanging_lane(3);
  CHECK(idle_ticks() <= 5);
}
