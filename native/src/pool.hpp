// Lanes stepped side by side by a few threads; the caller is one of them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "lane.hpp"

namespace ngp {

// Where each lane writes: row i of every array belongs to lane i.
struct Batch {
  std::uint8_t* observation = nullptr;
  std::uint8_t* final_observation = nullptr;
  std::size_t observation_size = 0;  // bytes of a row
  std::int64_t* values = nullptr;
  std::int64_t* final_values = nullptr;
  std::size_t num_values = 0;  // of a row
  double* reward = nullptr;
  bool* terminated = nullptr;
  bool* truncated = nullptr;
};

class Pool {
 public:
  // `num_threads` counts the caller's.
  Pool(std::vector<std::unique_ptr<Lane>> lanes, unsigned num_threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // A forked child has the memory of a pool but not its threads: nothing in it can be waited for, joined or closed.
  bool is_of_this_process() const;

  std::size_t size() const { return lanes_.size(); }
  Lane& lane(std::size_t index) { return *lanes_.at(index); }
  // Throws EngineError while a lane is under way.
  void set_batch(const Batch& batch);
  const Batch& batch() const { return batch_; }

  // Keeps a lane for one call, as long as it lives: no step of the lane may begin meanwhile. Throws EngineError while
  // the lane is under way.
  class Claim {
   public:
    Claim(Pool& pool, std::size_t lane);
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    Lane& lane() const { return *pool_.lanes_[index_]; }

   private:
    Pool& pool_;
    std::size_t index_;
  };

  // Puts another console, game and level in a lane's place; its random numbers go on. Throws EngineError while the lane
  // is under way, or if the new one does not fit the arrays.
  void replace(std::size_t index, std::unique_ptr<Lane> lane);

  // From now on no call begins, and those that wait for results end with an EngineError.
  void end();

  // Each of `lanes` begins an episode, or takes a step with `masks[lane]`; returns when all are done. An error of one
  // lane is thrown when the others have finished.
  void reset(const std::vector<std::size_t>& lanes);
  void step(const std::vector<std::size_t>& lanes, const std::uint32_t* masks);

  // Begins steps without waiting for them; a lane that is under way must not be sent again.
  void send(const std::vector<std::size_t>& lanes, const std::uint32_t* masks);
  // Waits until at least `count` lanes that were sent are done, and returns those that are.
  std::vector<std::size_t> receive(std::size_t count);
  std::size_t num_under_way() const;

 private:
  struct Task {
    std::size_t lane;
    bool is_reset;
    std::uint32_t mask;
  };

  class Waiting;  // the one call that waits for results

  void submit(const std::vector<Task>& tasks);
  std::vector<std::size_t> collect(std::size_t count);
  void work();
  bool run_one(std::unique_lock<std::mutex>& lock);
  void run(const Task& task);
  void recover(const Task& task);
  void check_open() const;  // asked with the lock held
  void check_process() const;
  void throw_errors();

  std::vector<std::unique_ptr<Lane>> lanes_;
  Batch batch_;
  const pid_t process_;
  mutable std::mutex mutex_;
  std::condition_variable has_work_, has_result_;
  std::deque<Task> waiting_;
  std::vector<std::size_t> done_;
  std::vector<std::string> errors_;
  bool is_script_to_blame_ = false;  // for the first of them
  std::vector<bool> is_under_way_;
  std::size_t num_under_way_ = 0;
  bool is_waited_for_ = false;
  bool is_closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ngp
