#include "pool.hpp"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "errors.hpp"

namespace ngp {

Pool::Pool(std::vector<std::unique_ptr<Lane>> lanes, unsigned num_threads)
    : lanes_(std::move(lanes)), process_(::getpid()), is_under_way_(lanes_.size(), false) {
  const std::size_t most = std::max<std::size_t>(1, lanes_.size());
  const std::size_t count = std::min<std::size_t>(std::max(1U, num_threads), most);
  for (std::size_t index = 1; index < count; ++index) threads_.emplace_back([this] { work(); });
}

Pool::~Pool() {
  end();
  for (std::thread& thread : threads_) thread.join();
}

void Pool::end() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_closing_ = true;
    waiting_.clear();
  }
  has_work_.notify_all();
  has_result_.notify_all();
}

class Pool::Waiting {
 public:
  explicit Waiting(Pool& pool) : pool_(pool) {
    pool.check_process();
    const std::lock_guard<std::mutex> lock(pool.mutex_);
    if (pool.is_waited_for_) {
      throw EngineError("Another thread is waiting for these lanes: give each thread an engine of its own.");
    }
    pool.is_waited_for_ = true;
  }
  ~Waiting() {
    const std::lock_guard<std::mutex> lock(pool_.mutex_);
    pool_.is_waited_for_ = false;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Pool& pool_;
};

Pool::Claim::Claim(Pool& pool, std::size_t lane) : pool_(pool), index_(lane) {
  pool.check_process();
  const std::lock_guard<std::mutex> lock(pool.mutex_);
  if (lane >= pool.lanes_.size()) throw EngineError("There is no lane " + std::to_string(lane) + ".");
  if (pool.is_under_way_[lane]) {
    throw EngineError("Lane " + std::to_string(lane) + " is under way: receive it first.");
  }
  pool.is_under_way_[lane] = true;
}

Pool::Claim::~Claim() {
  const std::lock_guard<std::mutex> lock(pool_.mutex_);
  pool_.is_under_way_[index_] = false;
}

void Pool::set_batch(const Batch& batch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (std::find(is_under_way_.begin(), is_under_way_.end(), true) != is_under_way_.end()) {
    throw EngineError("A lane is under way and writes to its arrays: receive it first.");
  }
  batch_ = batch;
}

void Pool::replace(std::size_t index, std::unique_ptr<Lane> lane) {
  const Claim claim(*this, index);
  if (lane->observer().shape().size() != batch_.observation_size ||
      lane->scenario().values().size() > batch_.num_values) {
    throw EngineError("A lane is replaced by one with observations of the same size, and no more variables than fit.");
  }
  lane->random() = claim.lane().random();
  lane->stop_at_ends(claim.lane().stops_at_ends());
  lanes_[index] = std::move(lane);
}

void Pool::reset(const std::vector<std::size_t>& lanes) {
  const Waiting waiting(*this);
  std::vector<Task> tasks;
  for (const std::size_t lane : lanes) tasks.push_back({lane, true, 0});
  submit(tasks);
  collect(lanes.size());
}

void Pool::step(const std::vector<std::size_t>& lanes, const std::uint32_t* masks) {
  const Waiting waiting(*this);
  send(lanes, masks);
  collect(lanes.size());
}

void Pool::send(const std::vector<std::size_t>& lanes, const std::uint32_t* masks) {
  std::vector<Task> tasks;
  tasks.reserve(lanes.size());
  for (std::size_t index = 0; index < lanes.size(); ++index) tasks.push_back({lanes[index], false, masks[index]});
  submit(tasks);
}

void Pool::submit(const std::vector<Task>& tasks) {
  check_process();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    check_open();
    for (const Task& task : tasks) {
      if (task.lane >= lanes_.size()) throw EngineError("There is no lane " + std::to_string(task.lane) + ".");
      if (is_under_way_[task.lane]) {
        throw EngineError("Lane " + std::to_string(task.lane) + " is still under way: receive it first.");
      }
    }
    for (const Task& task : tasks) {
      is_under_way_[task.lane] = true;
      waiting_.push_back(task);
    }
    num_under_way_ += tasks.size();
  }
  has_work_.notify_all();
}

std::vector<std::size_t> Pool::receive(std::size_t count) {
  const Waiting waiting(*this);
  return collect(count);
}

std::vector<std::size_t> Pool::collect(std::size_t count) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (count > num_under_way_) {
    throw EngineError("There are fewer than " + std::to_string(count) + " lanes under way: " +
                      std::to_string(num_under_way_) + ".");
  }
  while (done_.size() < count) {
    check_open();
    if (!run_one(lock)) has_result_.wait(lock);
  }
  std::vector<std::size_t> done;
  done.swap(done_);
  num_under_way_ -= done.size();
  for (const std::size_t lane : done) is_under_way_[lane] = false;
  throw_errors();
  return done;
}

std::size_t Pool::num_under_way() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return num_under_way_;
}

void Pool::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!is_closing_) {
    if (!run_one(lock)) has_work_.wait(lock);
  }
}

// Takes a task and runs it with the lock released; false when there was none.
bool Pool::run_one(std::unique_lock<std::mutex>& lock) {
  if (waiting_.empty()) return false;
  const Task task = waiting_.front();
  waiting_.pop_front();
  lock.unlock();
  std::string error;
  bool is_script_to_blame = false;
  try {
    run(task);
  } catch (const ScriptError& failure) {
    error = failure.what();
    is_script_to_blame = true;
  } catch (const HangError& hang) {
    error = hang.what();
    recover(task);
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  lock.lock();
  if (!error.empty() && errors_.empty()) is_script_to_blame_ = is_script_to_blame;
  if (!error.empty()) errors_.push_back("Lane " + std::to_string(task.lane) + ": " + error);
  done_.push_back(task.lane);
  has_result_.notify_one();
  return true;
}

void Pool::run(const Task& task) {
  Lane& lane = *lanes_[task.lane];
  std::uint8_t* const observation = batch_.observation + task.lane * batch_.observation_size;
  std::int64_t* const values = batch_.values + task.lane * batch_.num_values;
  if (task.is_reset) {
    lane.reset(observation, values);
    return;
  }
  const Outcome outcome =
      lane.step(task.mask, observation, values, batch_.final_observation + task.lane * batch_.observation_size,
                batch_.final_values + task.lane * batch_.num_values);
  batch_.reward[task.lane] = outcome.reward;
  batch_.terminated[task.lane] = outcome.is_terminated;
  batch_.truncated[task.lane] = outcome.is_truncated;
}

// Gives the lane of a hung core a new one; when even that fails, the lane stays closed and says so at its next step.
void Pool::recover(const Task& task) {
  try {
    lanes_[task.lane]->rebuild(batch_.observation + task.lane * batch_.observation_size,
                               batch_.values + task.lane * batch_.num_values);
  } catch (const std::exception&) {
    // The error that is about to be thrown says what happened; the lane counts as over until it is reset.
  }
}

void Pool::throw_errors() {
  if (errors_.empty()) return;
  std::vector<std::string> errors;
  errors.swap(errors_);
  std::string message = errors.front();
  if (errors.size() > 1) message += " (and " + std::to_string(errors.size() - 1) + " more lanes)";
  if (is_script_to_blame_) throw ScriptError(message);
  throw EngineError(message);
}

void Pool::check_open() const {
  if (is_closing_) throw EngineError("The engine is closed.");
}

bool Pool::is_of_this_process() const { return ::getpid() == process_; }

void Pool::check_process() const {
  if (!is_of_this_process()) {
    throw EngineError("This engine was made before the process forked; make a new one in the child.");
  }
}

}  // namespace ngp
