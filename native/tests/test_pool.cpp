// Lanes in many threads do what they do in one.
#include "pool.hpp"

#include <atomic>
#include <mutex>
#include <thread>

#include "check.hpp"
#include "errors.hpp"

using namespace ngp;
using namespace ngp::test;

namespace {

std::vector<std::unique_ptr<Lane>> lanes_of(const LaneSpec& spec, std::size_t count) {
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::size_t index = 0; index < count; ++index) lanes.push_back(std::make_unique<Lane>(spec));
  return lanes;
}

// What `num_steps` random steps of `spec` come to, stepped together or sent and received as they come.
std::uint64_t played(const LaneSpec& spec, unsigned num_threads, unsigned num_steps, bool is_sent) {
  Pool pool(lanes_of(spec, 5), num_threads);
  Rows rows(pool);
  const std::vector<std::size_t> all = all_of(pool);
  std::vector<Buttons> buttons;
  for (const std::size_t lane : all) {
    pool.lane(lane).random() = Random(lane + 1, 2 * lane + 1);
    buttons.emplace_back(static_cast<std::uint32_t>(lane));
  }
  pool.reset(all);
  std::vector<std::uint32_t> masks(all.size());
  for (unsigned count = 0; count < num_steps; ++count) {
    for (const std::size_t lane : all) masks[lane] = buttons[lane].next();
    if (is_sent) {
      pool.send(all, masks.data());
      for (std::size_t num_done = 0; num_done < all.size();) num_done += pool.receive(1).size();
    } else {
      pool.step(all, masks.data());
    }
  }
  std::uint64_t result = hash(rows.observation.data(), rows.observation.size());
  for (const std::size_t lane : all) result = result * 31 + hash_of_memory(pool.lane(lane).core());
  return result;
}

void check_threads(const std::string& name, const std::string& rom) {
  const LaneSpec spec = lane_spec(core_spec(name, rom), read(rom), 200);
  const std::uint64_t expected = played(spec, 1, 15, false);
  for (const unsigned num_threads : {2U, 4U}) CHECK(played(spec, num_threads, 15, false) == expected);
  CHECK(played(spec, 3, 15, true) == expected);
}

void check_many_small_steps() {
  const std::uint64_t expected = played(faulty_lane("n"), 1, 500, false);
  CHECK(played(faulty_lane("n"), 4, 500, false) == expected);
  CHECK(played(faulty_lane("n"), 4, 500, true) == expected);
}

void check_misuse() {
  auto owner = std::make_unique<Pool>(lanes_of(faulty_lane("n"), 2), 2);
  Pool& pool = *owner;
  Rows rows(pool);
  const std::uint32_t masks[] = {0, 0};
  CHECK_THROWS(EngineError, "no lane 7", pool.step({7}, masks));
  CHECK_THROWS(EngineError, "(and 1 more lanes)", pool.step({0, 1}, masks));  // neither was reset
  pool.reset({0, 1});
  CHECK_THROWS(EngineError, "fewer than 1 lanes", pool.receive(1));
  pool.send({0}, masks);
  CHECK_THROWS(EngineError, "still under way", pool.send({0}, masks));
  CHECK_THROWS(EngineError, "under way", Pool::Claim(pool, 0));
  CHECK_THROWS(EngineError, "writes to its arrays", pool.set_batch(pool.batch()));
  CHECK(pool.receive(1) == std::vector<std::size_t>{0});
  {
    const Pool::Claim claim(pool, 0);
    CHECK_THROWS(EngineError, "under way", pool.send({0}, masks));
    CHECK_THROWS(EngineError, "no lane 7", Pool::Claim(pool, 7));
  }
  pool.send({0, 1}, masks);
  owner.reset();  // with work to do
}

// Steps until the pool refuses, and returns what it said.
std::string step_until_refused(Pool& pool) {
  const std::vector<std::size_t> all = all_of(pool);
  const std::vector<std::uint32_t> masks(all.size());
  try {
    for (;;) pool.step(all, masks.data());
  } catch (const EngineError& error) {
    return error.what();
  }
}

void check_end_while_stepping(unsigned num_threads) {
  const auto pool = std::make_shared<Pool>(lanes_of(faulty_lane("n"), 3), num_threads);
  Rows rows(*pool);
  pool->reset(all_of(*pool));
  std::string said;
  std::thread player([pool, &said] { said = step_until_refused(*pool); });
  while (pool->num_under_way() == 0) std::this_thread::yield();
  pool->end();
  player.join();
  CHECK(said == "The engine is closed.");
  CHECK_THROWS(EngineError, "closed", pool->reset({0}));
}

// Of two threads that share a pool one is told so, and the other goes on.
void check_two_callers() {
  Pool pool(lanes_of(faulty_lane("n"), 2), 2);
  Rows rows(pool);
  pool.reset(all_of(pool));
  std::atomic<unsigned> num_refused{0};
  std::mutex mutex;
  std::vector<std::string> said;
  const auto play = [&] {
    const std::string sentence = step_until_refused(pool);
    const std::lock_guard<std::mutex> lock(mutex);
    said.push_back(sentence);
    ++num_refused;
  };
  std::thread one(play), other(play);
  while (num_refused == 0) std::this_thread::yield();
  pool.end();
  one.join();
  other.join();
  CHECK(said[0].find("Another thread is waiting") == 0);
  CHECK(said[1] == "The engine is closed.");
}

}  // namespace

int main() {
  for (const auto& [name, rom] : real_games()) check_threads(name, rom);
  check_many_small_steps();
  check_misuse();
  for (const unsigned num_threads : {1U, 3U}) check_end_while_stepping(num_threads);
  check_two_callers();
}
