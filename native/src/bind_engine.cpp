// Python's view of the lanes: a batch that is stepped with the interpreter's lock released.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "errors.hpp"
#include "lane.hpp"
#include "pool.hpp"
#include "python_lock.hpp"
#include "scenario_spec_from_python.hpp"
#include "shared_blob.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace ngp {

namespace {

template <typename Item, int Dimensions>
using Array = nb::ndarray<Item, nb::numpy, nb::c_contig, nb::device::cpu, nb::ndim<Dimensions>>;

// A numpy array that owns its content.
nb::object array_of(Bytes content, std::initializer_list<std::size_t> shape) {
  auto* kept = new Bytes(std::move(content));
  const nb::capsule owner(kept, [](void* pointer) noexcept { delete static_cast<Bytes*>(pointer); });
  return nb::cast(nb::ndarray<nb::numpy, std::uint8_t>(kept->data(), shape, owner));
}

// Ends a pool with the interpreter's lock released, as its lanes may want it. A forked child, whose pool has no threads,
// and a thread that outlives the interpreter only forget it.
struct EndPool {
  void operator()(Pool* pool) const {
    if (!pool->is_of_this_process() || python_lock::is_refused()) return;
    const python_lock::Unlocked unlocked;
    delete pool;
  }
};
using PoolPointer = std::shared_ptr<Pool>;

// Every call holds the pool that it plays with, so that `close` may come in the middle of one.
class Engine {
 public:
  Engine(const std::vector<LaneSpec>& specs, unsigned num_threads) {
    std::vector<std::unique_ptr<Lane>> lanes;
    {
      const python_lock::Unlocked unlocked;
      for (const LaneSpec& spec : specs) lanes.push_back(std::make_unique<Lane>(spec));
    }
    pool_ = PoolPointer(new Pool(std::move(lanes), num_threads), EndPool());
  }

  ~Engine() { close(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  std::size_t size() const { return pool()->size(); }

  void attach(Array<std::uint8_t, 2> observation, Array<std::uint8_t, 2> final_observation, Array<double, 1> reward,
              Array<bool, 1> terminated, Array<bool, 1> truncated, Array<std::int64_t, 2> values,
              Array<std::int64_t, 2> final_values) {
    const PoolPointer pool = this->pool();
    const std::size_t rows = pool->size();
    const bool fits = observation.shape(0) == rows && final_observation.shape(0) == rows && reward.shape(0) == rows &&
                      terminated.shape(0) == rows && truncated.shape(0) == rows && values.shape(0) == rows &&
                      final_values.shape(0) == rows && final_observation.shape(1) == observation.shape(1) &&
                      final_values.shape(1) == values.shape(1);
    if (!fits) throw EngineError("The arrays of a batch have one row per lane.");
    for (std::size_t index = 0; index < rows; ++index) {
      const Pool::Claim claim(*pool, index);
      Lane& lane = claim.lane();
      if (lane.observer().shape().size() != observation.shape(1) || lane.scenario().values().size() > values.shape(1)) {
        throw EngineError("The arrays of a batch do not fit the observations and variables of its lanes.");
      }
    }
    Batch batch;
    batch.observation = observation.data();
    batch.final_observation = final_observation.data();
    batch.observation_size = observation.shape(1);
    batch.values = values.data();
    batch.final_values = final_values.data();
    batch.num_values = values.shape(1);
    batch.reward = reward.data();
    batch.terminated = terminated.data();
    batch.truncated = truncated.data();
    pool->set_batch(batch);
    kept_ = nb::make_tuple(observation, final_observation, reward, terminated, truncated, values, final_values);
  }

  void reset(const std::vector<std::size_t>& lanes) {
    const PoolPointer pool = attached();
    const python_lock::Unlocked unlocked;
    pool->reset(lanes);
  }

  // The common case, every lane at once, without a list of lanes.
  void step_all(const Array<std::uint32_t, 1>& masks) {
    const PoolPointer pool = attached();
    if (masks.shape(0) != pool->size()) throw EngineError("A step takes one mask per lane.");
    if (all_.empty()) {
      for (std::size_t lane = 0; lane < pool->size(); ++lane) all_.push_back(lane);
    }
    const python_lock::Unlocked unlocked;
    pool->step(all_, masks.data());
  }

  void stop_at_ends() {
    for (std::size_t lane = 0; lane < size(); ++lane) Use(*this, lane)->stop_at_ends(true);
  }

  void send(const std::vector<std::size_t>& lanes, const Array<std::uint32_t, 1>& masks) {
    const PoolPointer pool = attached();
    if (masks.shape(0) != lanes.size()) throw EngineError("Every lane that is sent needs one mask.");
    const python_lock::Unlocked unlocked;
    pool->send(lanes, masks.data());
  }

  std::vector<std::size_t> receive(std::size_t count) {
    const PoolPointer pool = attached();
    const python_lock::Unlocked unlocked;
    return pool->receive(count);
  }

  std::shared_ptr<const Snapshot> save(std::size_t index) { return Use(*this, index)->save(); }
  void settle(std::size_t index) { Use(*this, index)->settle(); }

  void load(std::size_t index, const Snapshot& snapshot) {
    const PoolPointer pool = attached();
    const Use lane(*this, index);
    std::uint8_t* const observation = pool->batch().observation + index * pool->batch().observation_size;
    std::int64_t* const values = pool->batch().values + index * pool->batch().num_values;
    const python_lock::Unlocked unlocked;
    try {
      lane->load(snapshot, observation, values);
    } catch (const HangError&) {
      lane->rebuild(observation, values);
      throw;
    }
  }

  // Two consoles exist for a moment, so that a level that cannot be played leaves the old one in its place.
  void replace(std::size_t index, const LaneSpec& spec) {
    const PoolPointer pool = attached();
    const python_lock::Unlocked unlocked;
    pool->replace(index, std::make_unique<Lane>(spec));
  }

  // The picture as the console draws it, or the part of it that the scenario shows.
  nb::object screen(std::size_t index) {
    const Use lane(*this, index);
    if (lane->core().can_skip_drawing() && lane->observer().num_frames_drawn() == 0) {
      throw EngineError("Nothing was drawn, because nobody was to look: ask for pictures as observations.");
    }
    if (lane->core().is_picture_old()) {
      throw EngineError("No frame was drawn since the snapshot was loaded: take a step first.");
    }
    std::size_t height = 0, width = 0;
    Bytes pixels = lane->observer().screen(lane->core(), &height, &width);
    return array_of(std::move(pixels), {height, width, 3});
  }

  // The work memory, all blocks in order of address.
  nb::object ram(std::size_t index) {
    Bytes bytes;
    const Use lane(*this, index);
    for (const MemoryBlock& block : lane->core().memory()) {
      bytes.insert(bytes.end(), block.data, block.data + block.size);
    }
    const std::size_t size = bytes.size();
    return array_of(std::move(bytes), {size});
  }

  std::vector<std::int64_t> values(std::size_t index) { return Use(*this, index)->scenario().values(); }
  std::vector<bool> are_present(std::size_t index) { return Use(*this, index)->scenario().are_present(); }
  void write(std::size_t index, std::size_t variable, std::int64_t value) {
    Use(*this, index)->write(variable, value);
  }
  // The frames of a lane's last step: the buttons held, and the reward.
  std::vector<std::pair<std::uint32_t, double>> frames(std::size_t index) {
    const Use lane(*this, index);
    std::vector<std::pair<std::uint32_t, double>> frames;
    const std::vector<double>& rewards = lane->frame_rewards();
    for (std::size_t frame = 0; frame < rewards.size(); ++frame) {
      frames.emplace_back(lane->held_masks()[frame], rewards[frame]);
    }
    return frames;
  }

  std::tuple<std::size_t, std::size_t, std::size_t> observation_shape(std::size_t index) {
    const Use lane(*this, index);
    const Shape& shape = lane->observer().shape();
    return {shape.height, shape.width, shape.channels};
  }

  // PCG64's state and increment as (high, low) pairs of 64 bits.
  std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t> random_state(std::size_t index) {
    const Use lane(*this, index);
    const Random& random = lane->random();
    return {static_cast<std::uint64_t>(random.state() >> 64), static_cast<std::uint64_t>(random.state()),
            static_cast<std::uint64_t>(random.increment() >> 64), static_cast<std::uint64_t>(random.increment())};
  }
  void set_random_state(std::size_t index, std::uint64_t state_high, std::uint64_t state_low,
                        std::uint64_t increment_high, std::uint64_t increment_low) {
    const auto wide = [](std::uint64_t high, std::uint64_t low) { return static_cast<Random::Wide>(high) << 64 | low; };
    Use(*this, index)->random() = Random(wide(state_high, state_low), wide(increment_high, increment_low));
  }

  void close() {
    const PoolPointer pool = std::move(pool_);
    pool_.reset();
    if (pool && pool->is_of_this_process()) pool->end();  // and it goes with the last call that holds it
  }

 private:
  // A lane, claimed for one call.
  class Use {
   public:
    Use(const Engine& engine, std::size_t index) : pool_(engine.pool()), claim_(*pool_, index) {}
    Lane* operator->() const { return &claim_.lane(); }

   private:
    PoolPointer pool_;
    Pool::Claim claim_;
  };

  PoolPointer pool() const {
    if (!pool_) throw EngineError("The engine is closed.");
    return pool_;
  }
  PoolPointer attached() const {
    if (!kept_.is_valid()) throw EngineError("The engine has no arrays to write to: attach them first.");
    return pool();
  }

  PoolPointer pool_;
  nb::object kept_;  // the arrays that the lanes write to
  std::vector<std::size_t> all_;
};

nb::bytes bytes_of(const Snapshot& snapshot) {
  const Bytes bytes = snapshot.to_bytes();
  return nb::bytes(bytes.data(), bytes.size());
}

std::shared_ptr<const Snapshot> snapshot_of(const nb::bytes& content) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(content.c_str());
  return std::make_shared<const Snapshot>(Snapshot::from_bytes(bytes, content.size()));
}

LaneSpec lane_spec(const CoreSpec& core, const std::string& fingerprint, const SharedBlob& rom,
                   const SharedBlob& start_state, nb::handle scenario, const ObservationSpec& observation,
                   unsigned frames_per_step, double sticky_probability, std::uint32_t max_episode_steps) {
  LaneSpec spec;
  spec.core = core;
  spec.fingerprint = fingerprint;
  spec.rom = content_of(rom);
  spec.start_state = content_of(start_state);
  spec.scenario = scenario_spec_from_python(scenario);
  spec.observation = observation;
  spec.frames_per_step = frames_per_step;
  spec.sticky_probability = sticky_probability;
  spec.max_episode_steps = max_episode_steps;
  return spec;
}

}  // namespace

void bind_engine(nb::module_& module) {
  nb::class_<ObservationSpec>(module, "ObservationSpec", "What a lane's agent sees.")
      .def(
          "__init__",
          [](ObservationSpec* spec, const std::string& kind, std::tuple<unsigned, unsigned, unsigned, unsigned> window,
             std::tuple<unsigned, unsigned, unsigned, unsigned> crop, bool is_gray,
             std::pair<unsigned, unsigned> size, unsigned shrink, unsigned stack, bool takes_maximum) {
            using Kind = ObservationSpec::Kind;
            const auto [x, y, width, height] = window;
            const auto [top, right, bottom, left] = crop;
            new (spec) ObservationSpec{
                kind == "image" ? Kind::kImage : kind == "ram" ? Kind::kRam : Kind::kNone,
                {x, y, width, height}, {top, right, bottom, left}, is_gray, size.first, size.second,
                std::max(shrink, 1u), stack, takes_maximum};
          },
          nb::kw_only(), "kind"_a, "window"_a, "crop"_a, "is_gray"_a, "size"_a, "shrink"_a = 1, "stack"_a,
          "takes_maximum"_a);
  nb::class_<LaneSpec>(module, "LaneSpec", "All that a lane is made of.")
      .def(
          "__init__",
          [](LaneSpec* spec, const CoreSpec& core, const std::string& fingerprint, const SharedBlob& rom,
             const SharedBlob& start_state, nb::handle scenario, const ObservationSpec& observation,
             unsigned frames_per_step, double sticky_probability, std::uint32_t max_episode_steps) {
            new (spec) LaneSpec(lane_spec(core, fingerprint, rom, start_state, scenario, observation,
                                          frames_per_step, sticky_probability, max_episode_steps));
          },
          nb::kw_only(), "core"_a, "fingerprint"_a, "rom"_a, "start_state"_a, "scenario"_a, "observation"_a,
          "frames_per_step"_a, "sticky_probability"_a, "max_episode_steps"_a);
  nb::class_<Snapshot>(module, "Snapshot", "A lane's moment to come back to.")
      .def_prop_ro("size_bytes", &Snapshot::size_bytes)
      .def_prop_ro("fingerprint", [](const Snapshot& snapshot) { return snapshot.fingerprint; })
      .def("to_bytes", &bytes_of)
      .def_static("from_bytes", &snapshot_of, "content"_a);
  nb::class_<Engine>(module, "Engine", "Consoles side by side in one process.")
      .def(nb::init<const std::vector<LaneSpec>&, unsigned>(), "lanes"_a, "num_threads"_a)
      .def("__len__", &Engine::size)
      .def("attach", &Engine::attach, nb::kw_only(), "observation"_a, "final_observation"_a, "reward"_a,
           "terminated"_a, "truncated"_a, "values"_a, "final_values"_a)
      .def("stop_at_ends", &Engine::stop_at_ends, "From now on an episode that is over waits for `reset`.")
      .def("reset", &Engine::reset, "lanes"_a)
      .def("step", &Engine::step_all, "masks"_a)
      .def("send", &Engine::send, "lanes"_a, "masks"_a)
      .def("receive", &Engine::receive, "count"_a)
      .def("save", &Engine::save, "lane"_a)
      .def("settle", &Engine::settle, "lane"_a, "Makes the present moment one that a snapshot holds without buttons.")
      .def("load", &Engine::load, "lane"_a, "snapshot"_a)
      .def("replace", &Engine::replace, "lane"_a, "spec"_a, "Another console in a lane's place, before its first reset.")
      .def("screen", &Engine::screen, "lane"_a)
      .def("ram", &Engine::ram, "lane"_a)
      .def("values", &Engine::values, "lane"_a)
      .def("are_present", &Engine::are_present, "lane"_a)
      .def("write", &Engine::write, "lane"_a, "variable"_a, "value"_a)
      .def("frames", &Engine::frames, "lane"_a)
      .def("observation_shape", &Engine::observation_shape, "lane"_a)
      .def("random_state", &Engine::random_state, "lane"_a)
      .def("set_random_state", &Engine::set_random_state, "lane"_a, "state_high"_a, "state_low"_a,
           "increment_high"_a, "increment_low"_a)
      .def("close", &Engine::close);
}

}  // namespace ngp
